/// An element of what a store answers.
struct S3Element: Hashable, Sendable {
    /// Its name, as it stands there.
    let name: String
    /// Its own text, without that of the elements in it.
    var text = ""
    /// The elements in it, in order.
    var children: [S3Element] = []

    /// The first element of a name in this one.
    subscript(name: String) -> S3Element? { children.first { $0.name == name } }

    /// All elements of a name in this one.
    func all(_ name: String) -> [S3Element] { children.filter { $0.name == name } }
}
