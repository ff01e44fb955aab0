//! User-defined functions: definitions that Hive and Spark look up. Nothing here calls them.

use super::{Catalog, DatabaseEntry, fold, own_catalog};
use crate::base::{Call, limits};
use crate::glue::api::{
    CreateUserDefinedFunctionRequest, CreateUserDefinedFunctionResponse,
    DeleteUserDefinedFunctionRequest, DeleteUserDefinedFunctionResponse,
    GetUserDefinedFunctionRequest, GetUserDefinedFunctionResponse, GetUserDefinedFunctionsRequest,
    GetUserDefinedFunctionsResponse, UpdateUserDefinedFunctionRequest,
    UpdateUserDefinedFunctionResponse, UserDefinedFunction, UserDefinedFunctionInput,
};
use crate::glue::error::{Error, Result};
use crate::glue::page;

impl Catalog {
    /// CreateUserDefinedFunction.
    pub fn create_user_defined_function(
        &mut self,
        call: &Call,
        request: CreateUserDefinedFunctionRequest,
    ) -> Result<CreateUserDefinedFunctionResponse> {
        own_catalog(call, request.catalog_id.as_ref())?;
        let database = self.database_entry_mut(&request.database_name)?;
        let function = function(call, &database.database.name, request.function_input)?;
        let name = function.function_name.clone().unwrap_or_default();
        if database.functions.contains_key(&name) {
            return Err(Error::AlreadyExists("Function already exists.".to_owned()));
        }
        database.functions.insert(name, function);
        Ok(CreateUserDefinedFunctionResponse {})
    }

    /// GetUserDefinedFunction.
    pub fn get_user_defined_function(
        &self,
        call: &Call,
        request: &GetUserDefinedFunctionRequest,
    ) -> Result<GetUserDefinedFunctionResponse> {
        own_catalog(call, request.catalog_id.as_ref())?;
        let database = self.database_entry(&request.database_name)?;
        let function = database.functions.get(&fold(&request.function_name));
        Ok(GetUserDefinedFunctionResponse {
            user_defined_function: Some(
                function
                    .cloned()
                    .ok_or_else(|| missing(&request.function_name))?,
            ),
        })
    }

    /// GetUserDefinedFunctions: of one database or all, by a regular expression over whole names.
    pub fn get_user_defined_functions(
        &self,
        call: &Call,
        request: &GetUserDefinedFunctionsRequest,
    ) -> Result<GetUserDefinedFunctionsResponse> {
        own_catalog(call, request.catalog_id.as_ref())?;
        let names = super::name_pattern(&request.pattern)?;
        let databases: Vec<&DatabaseEntry> = match &request.database_name {
            Some(name) => vec![self.database_entry(name)?],
            None => self.databases.values().collect(),
        };
        let items = databases
            .into_iter()
            .flat_map(|database| {
                let of = database.database.name.as_str();
                let functions = database.functions.iter();
                functions.map(move |(name, function)| ((of.to_owned(), name.clone()), function))
            })
            .filter(|((_, name), _)| names.is_match(name))
            .filter(|(_, function)| {
                request.function_type.is_none() || request.function_type == function.function_type
            });
        let size = page::size(request.max_results, limits::glue::CATALOG_PAGE_MAX);
        let token = request.next_token.as_deref();
        let (functions, next_token) = page::page("GetUserDefinedFunctions", items, token, size)?;
        Ok(GetUserDefinedFunctionsResponse {
            user_defined_functions: Some(functions.into_iter().cloned().collect()),
            next_token,
        })
    }

    /// UpdateUserDefinedFunction: replaces the definition; the name stays.
    pub fn update_user_defined_function(
        &mut self,
        call: &Call,
        request: UpdateUserDefinedFunctionRequest,
    ) -> Result<UpdateUserDefinedFunctionResponse> {
        own_catalog(call, request.catalog_id.as_ref())?;
        let name = fold(&request.function_name);
        let database = self.database_entry_mut(&request.database_name)?;
        let old = database
            .functions
            .get(&name)
            .ok_or_else(|| missing(&name))?;
        let input = UserDefinedFunctionInput {
            function_name: request.function_input.function_name.or(Some(name.clone())),
            ..request.function_input
        };
        let update = UserDefinedFunction {
            create_time: old.create_time,
            ..function(call, &database.database.name, input)?
        };
        if update.function_name.as_deref() != Some(name.as_str()) {
            return Err(Error::InvalidInput(
                "The name of a function cannot be changed.".to_owned(),
            ));
        }
        database.functions.insert(name, update);
        Ok(UpdateUserDefinedFunctionResponse {})
    }

    /// DeleteUserDefinedFunction.
    pub fn delete_user_defined_function(
        &mut self,
        call: &Call,
        request: &DeleteUserDefinedFunctionRequest,
    ) -> Result<DeleteUserDefinedFunctionResponse> {
        own_catalog(call, request.catalog_id.as_ref())?;
        self.database_entry_mut(&request.database_name)?
            .functions
            .remove(&fold(&request.function_name))
            .ok_or_else(|| missing(&request.function_name))?;
        Ok(DeleteUserDefinedFunctionResponse {})
    }
}

fn function(
    call: &Call,
    database: &str,
    input: UserDefinedFunctionInput,
) -> Result<UserDefinedFunction> {
    Error::refuse(
        input.artifact_location.is_some(),
        "UserDefinedFunctionInput.ArtifactLocation",
    )?;
    Error::refuse(
        input.governance_mode.is_some(),
        "UserDefinedFunctionInput.GovernanceMode",
    )?;
    let name = input.function_name.filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| Error::InvalidInput("FunctionName is required.".to_owned()))?;
    Ok(UserDefinedFunction {
        function_name: Some(fold(&name)),
        database_name: Some(database.to_owned()),
        class_name: input.class_name,
        owner_name: input.owner_name,
        function_type: input.function_type,
        owner_type: input.owner_type,
        create_time: Some(call.now),
        resource_uris: input.resource_uris,
        catalog_id: Some(call.account.as_str().to_owned()),
        ..UserDefinedFunction::default()
    })
}

fn missing(name: &str) -> Error {
    Error::EntityNotFound(format!("Function {} not found.", fold(name)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Timestamp;
    use crate::glue::api::{CreateDatabaseRequest, DatabaseInput};

    fn call() -> Call {
        Call::root(Timestamp::from_secs(1))
    }

    fn input(name: &str, class: &str) -> UserDefinedFunctionInput {
        UserDefinedFunctionInput {
            function_name: Some(name.to_owned()),
            class_name: Some(class.to_owned()),
            ..UserDefinedFunctionInput::default()
        }
    }

    fn catalog(functions: &[(&str, &str)]) -> Catalog {
        let mut catalog = Catalog::default();
        for (database, function) in functions {
            let request = CreateDatabaseRequest {
                database_input: DatabaseInput {
                    name: (*database).to_owned(),
                    ..DatabaseInput::default()
                },
                ..CreateDatabaseRequest::default()
            };
            // The second function of a database finds it there.
            let _ = catalog.create_database(&call(), request);
            create(&mut catalog, database, function).unwrap();
        }
        catalog
    }

    fn create(
        catalog: &mut Catalog,
        database: &str,
        name: &str,
    ) -> Result<CreateUserDefinedFunctionResponse> {
        let request = CreateUserDefinedFunctionRequest {
            database_name: database.to_owned(),
            function_input: input(name, "org.example.F"),
            ..CreateUserDefinedFunctionRequest::default()
        };
        catalog.create_user_defined_function(&call(), request)
    }

    fn names(catalog: &Catalog, database: Option<&str>, pattern: &str) -> Vec<String> {
        let request = GetUserDefinedFunctionsRequest {
            database_name: database.map(str::to_owned),
            pattern: pattern.to_owned(),
            ..GetUserDefinedFunctionsRequest::default()
        };
        let found = catalog
            .get_user_defined_functions(&call(), &request)
            .unwrap();
        found
            .user_defined_functions
            .unwrap()
            .into_iter()
            .filter_map(|f| f.function_name)
            .collect()
    }

    #[test]
    fn functions_are_found_by_pattern_in_one_database_or_all() {
        let catalog = catalog(&[("wind", "Density"), ("wind", "power"), ("sun", "power")]);
        assert_eq!(names(&catalog, Some("wind"), ".*"), ["density", "power"]);
        assert_eq!(names(&catalog, None, "pow.*"), ["power", "power"]);
        assert!(names(&catalog, Some("sun"), "dens").is_empty());
    }

    #[test]
    fn functions_are_created_once_replaced_and_deleted() {
        let mut catalog = catalog(&[("wind", "density")]);
        let error = create(&mut catalog, "wind", "DENSITY").unwrap_err();
        assert_eq!(error.code(), "AlreadyExistsException");
        let update = |name: &str, input| UpdateUserDefinedFunctionRequest {
            database_name: "wind".to_owned(),
            function_name: name.to_owned(),
            function_input: input,
            ..UpdateUserDefinedFunctionRequest::default()
        };
        let renamed = update("density", input("other", "G"));
        assert!(
            catalog
                .update_user_defined_function(&call(), renamed)
                .is_err()
        );
        let changed = update("Density", input("density", "G"));
        catalog
            .update_user_defined_function(&call(), changed)
            .unwrap();
        let get = GetUserDefinedFunctionRequest {
            database_name: "wind".to_owned(),
            function_name: "density".to_owned(),
            ..GetUserDefinedFunctionRequest::default()
        };
        let found = catalog.get_user_defined_function(&call(), &get).unwrap();
        assert_eq!(
            found.user_defined_function.unwrap().class_name.as_deref(),
            Some("G")
        );
        let delete = DeleteUserDefinedFunctionRequest {
            database_name: "wind".to_owned(),
            function_name: "density".to_owned(),
            ..DeleteUserDefinedFunctionRequest::default()
        };
        catalog
            .delete_user_defined_function(&call(), &delete)
            .unwrap();
        let error = catalog
            .get_user_defined_function(&call(), &get)
            .unwrap_err();
        assert_eq!(
            error,
            Error::EntityNotFound("Function density not found.".to_owned())
        );
    }
}
