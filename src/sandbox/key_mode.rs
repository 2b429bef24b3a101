//! With which kind of key a sandbox signs (`wechatpay-v3.md` §2.3).

/// What signs replies for which no key was asked, and callbacks. The gray switch itself has knobs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum KeyMode {
    /// WeChat Pay public key (微信支付公钥), as for every new merchant
    #[default]
    PublicKey,
    /// Platform certificate (平台证书), as for merchants of before
    Certificate,
    /// Half and half, as in the middle of the gray switch
    Both,
}

impl KeyMode {
    /// The share that the public key signs.
    pub(super) const fn public_key_share(self) -> f64 {
        match self {
            Self::PublicKey => 1.0,
            Self::Certificate => 0.0,
            Self::Both => 0.5,
        }
    }
}
