/// A status code as a label of metrics: the common ones by themselves, others by their class, so that no server can
/// make up many.
public enum StatusLabel {
    private static let common: Set<Int> = [
        200, 201, 202, 204, 206, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 405, 408, 409, 410, 412, 413, 416,
        422,
        429, 431, 499, 500, 501, 502, 503, 504,
    ]

    /// The label of a status code.
    public static func text(_ code: Int) -> String {
        if common.contains(code) { return "\(code)" }
        return (100..<600).contains(code) ? "\(code / 100)xx" : "other"
    }
}
