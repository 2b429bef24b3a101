//! What of the settings may be shown: of a secret only whether it is set.

use super::{Mode, Settings, tls::Certificates};

impl Settings {
    /// Variables with their values, in the order in which people think of them.
    pub fn shown(&self) -> Vec<(&'static str, String)> {
        let set = |is_set: bool| if is_set { "set" } else { "not set" }.to_owned();
        let mut shown = Vec::new();
        if let Mode::Live(live) = &self.mode {
            shown.extend([
                ("WXPAY_MCH_ID", live.mchid.as_str().to_owned()),
                ("WXPAY_APPID", live.appid.clone()),
                ("WXPAY_MCH_SERIAL_NO", live.serial.as_str().to_owned()),
                ("WXPAY_PRIVATE_KEY", set(true)),
                ("WXPAY_API_V3_KEY", set(true)),
                ("WXPAY_CERTIFICATE_PATH", set(live.certificate_ends.is_some())),
                (
                    "WXPAY_PUBLIC_KEY_ID",
                    live.public_key.as_ref().map_or_else(|| set(false), |(id, _)| id.as_str().to_owned()),
                ),
                ("WXPAY_DOMAIN", live.domain.to_string()),
                ("WXPAY_NOTIFY_DOMAIN", live.notify_domain.to_string()),
            ]);
        }
        let proxies: Vec<String> = self.trusted_proxies.iter().map(ToString::to_string).collect();
        shown.extend([
            ("DATABASE_URL", self.database_url.without_secrets()),
            ("SAOMA_DATA_DIR", self.data_dir.display().to_string()),
            ("SAOMA_PAYEE", self.payee.clone()),
            ("SAOMA_FEE_RATE", self.fee_rate.map_or_else(|| set(false), |rate| rate.to_string())),
            ("SAOMA_PAY_MINUTES", self.pay_minutes.to_string()),
            ("SAOMA_ORDERS_PER_MINUTE", self.orders_per_minute.to_string()),
            ("SAOMA_CHECKS_PER_MINUTE", self.checks_per_minute.to_string()),
            ("SAOMA_QUESTIONS_PER_SECOND", self.questions_per_second.to_string()),
            ("SAOMA_REJECTED_CALLBACKS_PER_MINUTE", self.rejected_callbacks_per_minute.to_string()),
            ("SAOMA_TRUSTED_PROXIES", if proxies.is_empty() { set(false) } else { proxies.join(", ") }),
            ("SAOMA_PUBLIC_ORIGIN", self.public_origin.as_ref().map_or_else(|| set(false), ToString::to_string)),
            ("SAOMA_EGRESS_PROXY", set(self.egress_proxy.is_some())),
            ("SAOMA_METRICS_TOKEN", set(self.metrics_token.is_some())),
            ("SAOMA_SECRET_KEY", set(self.secret_key.is_some())),
            (
                "SAOMA_TLS",
                self.tls
                    .as_ref()
                    .map_or("off", |tls| match tls.certificates {
                        Certificates::Files { .. } => "files",
                        Certificates::Acme { .. } => "acme",
                    })
                    .to_owned(),
            ),
            ("SAOMA_REDIRECT_ADDR", set(self.tls.as_ref().is_some_and(|tls| tls.redirect_addr.is_some()))),
            ("LEPTOS_SITE_ADDR", self.site_addr.to_string()),
        ]);
        shown
    }
}
