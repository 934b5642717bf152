/// A text that a setting cannot be.
struct UnusableText: Error, Hashable {
    /// Which of the texts.
    let index: Int
}
