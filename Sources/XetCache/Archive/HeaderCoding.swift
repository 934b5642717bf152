import XetAccess
import XetCore

/// The headers of an archived answer as they stand in its row: for each a name and a value, and before both their lengths (4 bytes,
/// little-endian).
enum HeaderCoding {
    static func bytes(of headers: [ArchivedAnswer.Header]) -> [UInt8] {
        var bytes: [UInt8] = []
        for text in headers.lazy.flatMap({ [$0.name, $0.value] }) {
            bytes.appendLittleEndian(UInt32(clamping: text.utf8.count))
            bytes += text.utf8
        }
        return bytes
    }

    /// `nil` if that are no headers.
    static func headers(in bytes: [UInt8]) -> [ArchivedAnswer.Header]? {
        var texts: [String] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            guard rest.count >= 4 else { return nil }
            let count = rest.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
            rest = rest.dropFirst(4)
            guard rest.count >= count, let text = String(validating: rest.prefix(count), as: UTF8.self) else {
                return nil
            }
            texts.append(text)
            rest = rest.dropFirst(count)
        }
        guard texts.count.isMultiple(of: 2) else { return nil }
        return stride(from: 0, to: texts.count, by: 2).map { ArchivedAnswer.Header(texts[$0], texts[$0 + 1]) }
    }
}
