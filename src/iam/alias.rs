//! The account's alias: a name that stands for its id in sign-in addresses. An account has at most
//! one, and no two accounts have the same.

use super::api::{
    CreateAccountAliasRequest, CreateAccountAliasResponse, DeleteAccountAliasRequest,
    DeleteAccountAliasResponse, ListAccountAliasesRequest, ListAccountAliasesResponse,
};
use super::paging::Page;
use super::{Account, Error, Iam, Result};
use crate::base::Call;

impl Iam {
    /// CreateAccountAlias. A new alias takes the place of the account's old one.
    pub fn create_account_alias(
        &mut self,
        call: &Call,
        request: CreateAccountAliasRequest,
    ) -> Result<CreateAccountAliasResponse> {
        let alias = request.account_alias;
        let taken = |account: &Account| account.alias.as_ref() == Some(&alias);
        if self.accounts.values().any(taken) {
            return Err(Error::EntityAlreadyExists(format!(
                "The account alias {alias} already exists."
            )));
        }
        self.account_mut(call).alias = Some(alias);
        Ok(CreateAccountAliasResponse {})
    }

    /// DeleteAccountAlias.
    pub fn delete_account_alias(
        &mut self,
        call: &Call,
        request: &DeleteAccountAliasRequest,
    ) -> Result<DeleteAccountAliasResponse> {
        let account = self.account_mut(call);
        if account.alias.as_ref() != Some(&request.account_alias) {
            return Err(Error::NoSuchEntity(format!(
                "The account alias {} cannot be found.",
                request.account_alias
            )));
        }
        account.alias = None;
        Ok(DeleteAccountAliasResponse {})
    }

    /// ListAccountAliases: the alias, if there is one.
    pub fn list_account_aliases(
        &self,
        call: &Call,
        request: &ListAccountAliasesRequest,
    ) -> Result<ListAccountAliasesResponse> {
        let alias = self.account(call).and_then(|account| account.alias.clone());
        let marker = request.marker.as_deref();
        let page = Page::cut(alias, String::clone, marker, request.max_items)?;
        Ok(ListAccountAliasesResponse {
            account_aliases: page.items,
            is_truncated: page.is_truncated,
            marker: page.marker,
        })
    }
}
