//! The certificate that the sandbox stands under in WeChat's name (`--tls`), and the CA that has issued it: no
//! program trusts it that was not told to.

use std::{net::IpAddr, path::Path, str::FromStr as _, sync::Arc};

use jiff::{SignedDuration, Timestamp};
use rsa::{
    PrivateKey,
    pkcs8::{EncodePrivateKey as _, EncodePublicKey as _},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::aws_lc_rs, pki_types::PrivatePkcs8KeyDer},
};
use url::{Host, Url};
use x509_cert::{
    builder::profile::cabf,
    certificate::TbsCertificate,
    der::{
        DecodePem as _, Encode as _,
        asn1::{Ia5String, OctetString},
    },
    ext::pkix::{
        NameConstraints, SubjectAltName,
        constraints::name::GeneralSubtree,
        name::{GeneralName, GeneralNames},
    },
    name::Name,
};

use super::{
    certificate::{self, Certificate},
    keys::{generate, private_key, private_pem},
};
use crate::{
    entropy::Entropy,
    sandbox::{
        failure::{CertificateError, SandboxError},
        files,
    },
};

/// Whom the sandbox stands for (`wechatpay-v3.md` §10.1).
pub(in crate::sandbox) const NAMES: [&str; 2] = ["api.mch.weixin.qq.com", "api2.mch.weixin.qq.com"];

pub(super) const CA: &str = "ca.pem";
const CA_KEY: &str = "platform/ca_key.pem";
const CA_LIFE: SignedDuration = SignedDuration::from_hours(10 * 365 * 24);
/// Clients take none that is much older than a year. This one is made anew at every start.
const LIFE: SignedDuration = SignedDuration::from_hours(397 * 24);
/// A client's clock may be behind ours.
const LEEWAY: SignedDuration = SignedDuration::from_hours(24);

/// Takes TLS connections for WeChat's names and for the sandbox's own, `HTTP/1.1` alone: the names of headers have
/// no case in `HTTP/2`.
pub(in crate::sandbox) fn acceptor(
    dir: &Path,
    own: &Url,
    now: Timestamp,
    entropy: &Entropy,
) -> Result<TlsAcceptor, SandboxError> {
    let from = now.saturating_sub(LEEWAY).unwrap_or(now);
    let names = names(own)?;
    let authority = Authority::open(dir, &names, from, entropy)?;
    let key = generate()?;
    let certificate = authority.issue(&key, names, from, entropy)?;
    let key = PrivatePkcs8KeyDer::from(key.to_pkcs8_der()?.as_bytes().to_vec());
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der.into()], key.into())?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// The CA, kept so that whoever trusts it once trusts it after a restart.
struct Authority {
    name: Name,
    key: PrivateKey,
}

impl Authority {
    fn open(dir: &Path, own: &GeneralNames, from: Timestamp, entropy: &Entropy) -> Result<Self, SandboxError> {
        let (certificate, key) = (dir.join(CA), dir.join(CA_KEY));
        // The certificate is written last, so it marks a whole pair.
        if !certificate.exists() {
            let made = generate()?;
            files::write(&key, &private_pem(&made)?)?;
            files::write(&certificate, &root(&made, own, from, entropy)?.pem)?;
        }
        let text = files::read(&certificate)?;
        let read = x509_cert::Certificate::from_pem(text).map_err(CertificateError::from)?;
        let private = private_key(&files::read(&key)?)?;
        let public = private.to_public_key().to_public_key_der()?;
        let read = read.tbs_certificate();
        if read.subject_public_key_info().to_der().map_err(CertificateError::from)? != public.as_bytes() {
            return Err(SandboxError::NotTogether { certificate, key });
        }
        if !is_for(read, own)? {
            return Err(SandboxError::CaOfAnotherName { certificate, name: listed(own) });
        }
        Ok(Self { name: read.subject().clone(), key: private })
    }

    fn issue(
        &self,
        key: &PrivateKey,
        names: GeneralNames,
        from: Timestamp,
        entropy: &Entropy,
    ) -> Result<Certificate, CertificateError> {
        let [first, _] = NAMES;
        let subject = Name::from_str(&format!("CN={first}"))?;
        let profile = cabf::tls::Subscriber {
            certificate_type: cabf::tls::CertificateType::domain_validated(subject, names.clone())?,
            issuer: self.name.clone(),
            client_auth: false,
        };
        certificate::sign(profile, key, &self.key, (from, LIFE), Some(&SubjectAltName(names)), entropy)
    }
}

/// No two have the same name: clients look a CA up by it. Whoever trusts it trusts it for `own` names alone, whoever
/// may get hold of its key.
fn root(
    key: &PrivateKey,
    own: &GeneralNames,
    from: Timestamp,
    entropy: &Entropy,
) -> Result<Certificate, CertificateError> {
    let permitted = own.iter().map(subtree).collect::<Result<_, _>>()?;
    let bounds = NameConstraints { permitted_subtrees: Some(permitted), excluded_subtrees: None };
    let mark = u64::from_be_bytes(entropy.bytes());
    let name = Name::from_str(&format!("CN=Saoma Sandbox {mark:016x},O=Saoma Sandbox (no real money),C=CN"))?;
    certificate::sign(cabf::Root::new(false, name)?, key, key, (from, CA_LIFE), Some(&bounds), entropy)
}

/// A name and those below it; of addresses this one.
fn subtree(name: &GeneralName) -> Result<GeneralSubtree, CertificateError> {
    let base = match name {
        GeneralName::IpAddress(address) => {
            let address = address.as_bytes();
            let mask = vec![u8::MAX; address.len()];
            GeneralName::IpAddress(OctetString::new([address, &mask].concat())?)
        }
        name => name.clone(),
    };
    Ok(GeneralSubtree { base, minimum: 0, maximum: None })
}

/// Whether a CA may stand behind all of these; one of before it had bounds may.
fn is_for(authority: &TbsCertificate, own: &GeneralNames) -> Result<bool, CertificateError> {
    let bounds = authority.get_extension::<NameConstraints>()?;
    let Some(permitted) = bounds.and_then(|(_, bounds)| bounds.permitted_subtrees) else { return Ok(true) };
    let wanted = own.iter().map(subtree).collect::<Result<Vec<_>, _>>()?;
    Ok(wanted.iter().all(|name| permitted.contains(name)))
}

fn listed(names: &GeneralNames) -> String {
    let told = names.iter().filter_map(|name| match name {
        GeneralName::DnsName(name) => Some(name.to_string()),
        _ => None,
    });
    told.collect::<Vec<_>>().join(", ")
}

fn names(own: &Url) -> Result<GeneralNames, CertificateError> {
    let domain = |name: &str| Ok::<_, CertificateError>(GeneralName::DnsName(Ia5String::new(name)?));
    let address = |address: IpAddr| {
        let bytes = match address {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        };
        Ok::<_, CertificateError>(GeneralName::IpAddress(OctetString::new(bytes)?))
    };
    let mut names = NAMES.into_iter().chain(["localhost"]).map(domain).collect::<Result<GeneralNames, _>>()?;
    names.push(address(IpAddr::from([127, 0, 0, 1]))?);
    let own = match own.host() {
        Some(Host::Domain(name)) => Some(domain(name)?),
        Some(Host::Ipv4(own)) => Some(address(own.into())?),
        Some(Host::Ipv6(own)) => Some(address(own.into())?),
        None => None,
    };
    names.extend(own.filter(|own| !names.contains(own)));
    Ok(names)
}
