//! Error replies (`wechatpay-v3.md` §1.5, §1.6): a code, a message, sometimes details, and never a
//! signature.

use axum::{
    Json,
    http::{HeaderName, HeaderValue, StatusCode},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");

/// One refusal. The number is WeChat's numeric code, sent as the tail of `Request-ID`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ApiError {
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) detail: Option<Value>,
    pub(super) number: u32,
}

/// What a refund is refused with, by the code that is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum RefundRefusal {
    /// 403
    #[default]
    NotEnough,
    /// 403
    UserAccountAbnormal,
    /// 403
    NoAuth,
    /// 403
    RequestBlocked,
    /// 404
    MchNotExists,
    /// 404, as it happens right after a payment
    ResourceNotExists,
}

impl ApiError {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>, number: u32) -> Self {
        Self { status, code, message: message.into(), detail: None, number }
    }

    /// 401, whatever the reason: only the messages differ.
    pub(super) fn sign_error(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "SIGN_ERROR", message, 268_443_699)
    }

    pub(super) fn invalid_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "INVALID_REQUEST", message, 268_435_461)
    }

    /// No `Wechatpay-Serial` where there has to be one, in WeChat's own words.
    pub(super) fn no_serial() -> Self {
        let message = "HTTP header缺少微信支付平台证书序列号(Wechatpay-Serial)";
        Self::new(StatusCode::BAD_REQUEST, "PARAM_ERROR", message, 268_435_461)
    }

    /// A `Wechatpay-Serial` that is none of the platform's, in WeChat's own words.
    pub(super) fn wrong_serial() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "PARAM_ERROR", "平台证书序列号Wechatpay-Serial错误", 268_435_461)
    }

    /// `location` is `body`, `url` or `query`; `field` a JSON pointer within it (§1.5).
    pub(super) fn parameter(location: &str, field: &str, value: &Value, issue: &str) -> Self {
        let message = format!("输入源“/{location}{field}”校验失败：{issue}");
        let mut error = Self::new(StatusCode::BAD_REQUEST, "PARAM_ERROR", message, 268_435_461);
        error.detail = Some(json!({ "location": location, "field": field, "value": value, "issue": issue }));
        error
    }

    /// A parameter that the interface does not have (§1.4).
    pub(super) fn unknown_parameter(location: &str, field: &str, value: &Value) -> Self {
        let mut error = Self::parameter(location, field, value, "接口文档中没有这个参数");
        error.number = 270_924_358;
        error
    }

    pub(super) fn appid_mchid_not_match() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "APPID_MCHID_NOT_MATCH", "商户号与appid不匹配", 268_445_527)
    }

    pub(super) fn order_closed(message: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "ORDER_CLOSED", message, 268_447_914)
    }

    /// A prepay for a number that is paid already.
    pub(super) fn out_trade_no_used() -> Self {
        Self::new(StatusCode::FORBIDDEN, "OUT_TRADE_NO_USED", "商户订单号重复：该订单已支付", 268_449_538)
    }

    /// Closing what is paid (§1.6: of the older list, still seen).
    pub(super) fn order_paid() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "ORDERPAID", "该订单已支付", 268_498_689)
    }

    pub(super) fn other_parameters() -> Self {
        let message = "请求重入时，参数与首次请求时不一致";
        Self::new(StatusCode::BAD_REQUEST, "INVALID_REQUEST", message, 268_498_688)
    }

    pub(super) fn order_not_exist() -> Self {
        Self::new(StatusCode::NOT_FOUND, "ORDER_NOT_EXIST", "订单不存在", 268_512_771)
    }

    pub(super) fn no_certificates() -> Self {
        let message = "无可用的平台证书，请在商户平台-API安全申请使用微信支付公钥";
        Self::new(StatusCode::NOT_FOUND, "RESOURCE_NOT_EXISTS", message, 268_435_461)
    }

    pub(super) fn too_large() -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "INVALID_REQUEST", "请求体过大", 268_435_461)
    }

    pub(super) fn frequency_limited() -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "FREQUENCY_LIMITED", "频率超限，请稍后重试", 268_447_840)
    }

    /// An order that is unknown or unpaid to the refund interface, or a refund that is not there.
    pub(super) fn resource_not_exists(message: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "RESOURCE_NOT_EXISTS", message, 268_512_771)
    }

    /// §1.6, §14: of the FAQ alone, its status is documented nowhere.
    pub(super) fn trade_overdue() -> Self {
        Self::new(StatusCode::FORBIDDEN, "TRADE_OVERDUE", "订单已超过退款期限（支付后365天）", 268_447_914)
    }

    /// A refund that is refused on demand.
    pub(super) fn refused(refusal: RefundRefusal) -> Self {
        use RefundRefusal::{MchNotExists, NoAuth, NotEnough, RequestBlocked, ResourceNotExists, UserAccountAbnormal};
        let (status, code, message, number) = match refusal {
            NotEnough => (StatusCode::FORBIDDEN, "NOT_ENOUGH", "基本账户余额不足，请充值后重新发起", 268_435_463),
            UserAccountAbnormal => (StatusCode::FORBIDDEN, "USER_ACCOUNT_ABNORMAL", "用户账户异常", 268_435_463),
            NoAuth => (StatusCode::FORBIDDEN, "NO_AUTH", "没有退款权限", 268_448_010),
            RequestBlocked => (StatusCode::FORBIDDEN, "REQUEST_BLOCKED", "请求被拦截", 268_448_010),
            MchNotExists => (StatusCode::NOT_FOUND, "MCH_NOT_EXISTS", "商户号不存在", 268_443_715),
            ResourceNotExists => return Self::resource_not_exists("订单不存在"),
        };
        Self::new(status, code, message, number)
    }

    /// The bill of yesterday, in the morning.
    pub(super) fn statement_creating() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "STATEMENT_CREATING", "账单生成中，请于10点后再试", 268_435_461)
    }

    /// Nothing happened that day.
    pub(super) fn no_statement() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "NO_STATEMENT_EXIST", "账单不存在，请检查该日期是否有交易", 268_435_461)
    }

    pub(super) fn no_bill_permission() -> Self {
        Self::new(StatusCode::FORBIDDEN, "NO_AUTH", "没有下载账单的权限", 268_448_010)
    }

    /// The sandbox's own: WeChat may have such a path.
    pub(super) fn not_simulated(method: &str, path: &str) -> Self {
        let message = format!("沙箱没有模拟 {method} {path} (not simulated by the Saoma sandbox)");
        Self::new(StatusCode::NOT_FOUND, "NOT_SIMULATED", message, 268_435_461)
    }

    pub(super) fn service_unavailable() -> Self {
        let message = "服务不可用，请稍后重试";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "SERVICE_UNAVAILABLE", message, 268_435_462)
    }

    pub(super) fn system_error() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "SYSTEM_ERROR", "系统异常，请用相同参数重新调用", 268_435_462)
    }

    /// What went wrong in here, which only the log tells.
    pub(super) fn of(what: &str, error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error, "{what}");
        Self::system_error()
    }

    pub(super) fn with_detail(mut self, detail: Value) -> Self {
        self.detail = Some(detail);
        self
    }

    /// `request_id` without its number; none where WeChat sends none (§1.5).
    pub(super) fn into_reply(self, request_id: Option<&str>) -> Response {
        let mut body = json!({ "code": self.code, "message": self.message });
        if let (Some(detail), Some(body)) = (self.detail, body.as_object_mut()) {
            body.insert("detail".to_owned(), detail);
        }
        let mut response = (self.status, Json(body)).into_response();
        if let Some(value) = request_id.and_then(|id| HeaderValue::try_from(format!("{id}-{}", self.number)).ok()) {
            response.headers_mut().insert(REQUEST_ID, value);
        }
        response
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        self.into_reply(None)
    }
}
