/// The `Content-Disposition` header (RFC 6266) that names a download.
public enum ContentDisposition {
    /// An attachment with this file name: an ASCII form for old clients, and the exact UTF-8 form if they differ.
    public static func attachment(fileName: String) -> String {
        let ascii = String(
            decoding: fileName.utf8.map { isPlain($0) ? $0 : UInt8(ascii: "_") },
            as: UTF8.self
        )
        guard ascii != fileName else { return "attachment; filename=\"\(ascii)\"" }
        return "attachment; filename=\"\(ascii)\"; filename*=UTF-8''\(PercentEncoding.encode(segment: fileName))"
    }

    /// Printable ASCII that needs no escape inside quotes and that no client decodes.
    private static func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte < 0x7F && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
            && byte != UInt8(ascii: "%")
    }
}
