//! One order: the account, the proof that the names are ours, the certificate.

use instant_acme::{
    Account, AuthorizationStatus, ChallengeType, Error, Identifier, KeyAuthorization, NewAccount, NewOrder, Order,
    OrderStatus, RetryPolicy,
};
use rcgen::{CertificateParams, CustomExtension, KeyPair};
use tokio_rustls::rustls::{
    crypto::aws_lc_rs,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    sign::CertifiedKey,
};

use super::{
    super::{Challenge, Pair, Tls},
    Acme,
    client::AcmeClient,
    reason::{Refusal, WrongName},
    store::{Kept, Store},
};

/// As long as the order may take; that has a limit of its own.
const POLLS: RetryPolicy = RetryPolicy::new().timeout(std::time::Duration::from_mins(10));

impl Acme {
    pub(super) async fn order(&self, tls: &Tls) -> Result<Pair, Refusal> {
        let client = AcmeClient::new(self.ca.as_deref()).map_err(Refusal::other)?;
        let ordered = self.order_with(&client, tls).await;
        ordered.map_err(|refusal| refusal.with_wait(client.wait()))
    }

    async fn order_with(&self, client: &AcmeClient, tls: &Tls) -> Result<Pair, Refusal> {
        let store = self.store();
        let mut order = self.begin(&store, client).await?;
        let answers = self.prove(&mut order, tls).await?;
        let status = order.poll_ready(&POLLS).await;
        drop(answers);
        if !matches!(status, Ok(OrderStatus::Ready)) {
            let wrong = wrong_names(&mut order).await;
            return Err(match (wrong.is_empty(), status) {
                (false, _) => Refusal::Names(wrong),
                (true, Err(error)) => self.refusal(error),
                (true, Ok(status)) => Refusal::other(format!("the order is {status:?}")),
            });
        }
        let key = order.finalize().await.map_err(|error| self.refusal(error))?;
        let chain = order.poll_certificate(&POLLS).await.map_err(|error| self.refusal(error))?;
        let pair = Pair::parse(chain.as_bytes(), key.as_bytes()).map_err(Refusal::other)?;
        if !self.fits(&pair) {
            return Err(Refusal::other("the certificate that came is for other names"));
        }
        // Shown all the same: the next start orders another one, and says so as this does.
        if let Err(error) = store.keep_pair(&key, &chain) {
            tracing::error!(%error, "the certificate cannot be kept in {}", store.folder().display());
        }
        Ok(pair)
    }

    async fn begin(&self, store: &Store, client: &AcmeClient) -> Result<Order, Refusal> {
        let names: Vec<_> = self.names.iter().cloned().map(Identifier::Dns).collect();
        if let Some(kept) = recall(store)? {
            let account = self.known(kept, store, client).await;
            let ordered = match account {
                Ok(account) => account.new_order(&NewOrder::new(&names)).await,
                Err(error) => Err(error),
            };
            match ordered {
                Err(Error::Api(problem)) if problem.r#type.as_deref() == Some(NO_SUCH_ACCOUNT) => {
                    tracing::warn!(directory = self.directory, "the ACME server no longer knows this account");
                }
                ordered => return ordered.map_err(|error| self.refusal(error)),
            }
        }
        let account = self.register(store, client).await?;
        account.new_order(&NewOrder::new(&names)).await.map_err(|error| self.refusal(error))
    }

    async fn known(&self, kept: Kept, store: &Store, client: &AcmeClient) -> Result<Account, Error> {
        let has_moved = kept.contact != self.contact;
        // Its credentials can be used once.
        let copy = if has_moved { store.account().map_err(|error| Error::Other(Box::new(error)))? } else { None };
        let account = Account::builder_with_http(Box::new(client.clone())).from_credentials(kept.credentials).await?;
        if let Some(copy) = copy {
            account.update_contacts(&self.contacts()).await?;
            let kept = Kept { contact: self.contact.clone(), credentials: copy.credentials };
            store.keep_account(&kept).map_err(|error| Error::Other(Box::new(error)))?;
        }
        Ok(account)
    }

    async fn register(&self, store: &Store, client: &AcmeClient) -> Result<Account, Refusal> {
        let new = NewAccount { contact: &self.contacts(), terms_of_service_agreed: true, only_return_existing: false };
        let builder = Account::builder_with_http(Box::new(client.clone()));
        let created = builder.create(&new, self.directory.clone(), None).await;
        let (account, credentials) = created.map_err(|error| self.refusal(error))?;
        let kept = Kept { contact: self.contact.clone(), credentials };
        // Without it every start would make another account, and servers count them.
        store.keep_account(&kept).map_err(|source| Refusal::Keep { path: store.folder().to_owned(), source })?;
        Ok(account)
    }

    fn contacts(&self) -> Vec<&str> {
        self.contact.as_deref().into_iter().collect()
    }

    /// Answers for each name as long as what this returns is there.
    async fn prove(&self, order: &mut Order, tls: &Tls) -> Result<Vec<Challenge>, Refusal> {
        let mut answers = Vec::new();
        let mut authorizations = order.authorizations();
        while let Some(authorization) = authorizations.next().await {
            let mut authorization = authorization.map_err(|error| self.refusal(error))?;
            if authorization.status == AuthorizationStatus::Valid {
                continue;
            }
            let name = authorization.identifier().to_string();
            let mut challenge = authorization
                .challenge(ChallengeType::TlsAlpn01)
                .ok_or_else(|| Refusal::other("this ACME server does not offer tls-alpn-01"))?;
            let answer = answer(&name, &challenge.key_authorization()).map_err(Refusal::other)?;
            answers.push(tls.answer_challenge(&name, answer));
            challenge.set_ready().await.map_err(|error| self.refusal(error))?;
        }
        Ok(answers)
    }

    fn refusal(&self, error: Error) -> Refusal {
        Refusal::of(error, &self.directory)
    }
}

const NO_SUCH_ACCOUNT: &str = "urn:ietf:params:acme:error:accountDoesNotExist";

/// An account that is there and cannot be read is no reason for another one.
fn recall(store: &Store) -> Result<Option<Kept>, Refusal> {
    store.account().map_err(|source| Refusal::Recall { path: store.account_path(), source })
}

#[derive(Debug, thiserror::Error)]
enum AnswerError {
    #[error(transparent)]
    Certificate(#[from] rcgen::Error),
    #[error(transparent)]
    Key(#[from] tokio_rustls::rustls::Error),
}

/// The certificate that proves it (RFC 8737 §3).
fn answer(name: &str, proof: &KeyAuthorization) -> Result<CertifiedKey, AnswerError> {
    let mut certificate = CertificateParams::new([name.to_owned()])?;
    certificate.custom_extensions = vec![CustomExtension::new_acme_identifier(proof.digest().as_ref())];
    let key = KeyPair::generate()?;
    let certificate = certificate.self_signed(&key)?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    // Not `from_der`, which knows nothing of the extension that makes it one.
    let key = aws_lc_rs::default_provider().key_provider.load_private_key(key)?;
    Ok(CertifiedKey::new(vec![certificate.der().clone()], key))
}

/// Whose proof has failed, and why.
async fn wrong_names(order: &mut Order) -> Vec<WrongName> {
    let mut wrong = Vec::new();
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let Ok(mut authorization) = authorization else { continue };
        if let Err(error) = authorization.refresh().await {
            tracing::debug!(%error, "an authorization cannot be read");
        }
        let problems = authorization.challenges.iter().filter_map(|challenge| challenge.error.clone());
        let name = authorization.identifier().to_string();
        wrong.extend(problems.map(|problem| WrongName { name: name.clone(), problem }));
    }
    wrong
}
