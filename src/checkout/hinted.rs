//! What came of a question that only a hint has led to.

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hinted<T> {
    /// WeChat's verified word, booked as far as it could be.
    Told(T),
    /// WeChat does not know it, it says.
    NotExist,
    /// No usable answer: the code that is told of it.
    Unknown(String),
}
