import XetCore

/// One element of the header `Forwarded` (RFC 7239, section 4): what one proxy says of the request that it got.
struct ForwardedElement: Hashable {
    /// The parameter `host`: the Host header that the proxy got.
    private(set) var host: String?
    /// The parameter `proto`: the scheme.
    private(set) var scheme: String?
    /// The parameter `for`: whom the proxy got it from, perhaps with a port.
    private(set) var client: String?

    /// Parses a field and keeps its last element, which is that of the nearest proxy.
    ///
    /// `nil` if any part of the field breaks the grammar: nothing then tells where the last element begins.
    init?(lastOf field: String) {
        var scanner = Scanner(bytes: Array(field.utf8)[...])
        repeat {
            guard let parameters = scanner.element() else { return nil }
            host = parameters["host"]
            scheme = parameters["proto"]
            client = parameters["for"]
        } while scanner.skip(",")
        guard scanner.isAtEnd else { return nil }
    }

    /// Reads the grammar byte by byte: `name=value;name="value", ...`.
    private struct Scanner {
        var bytes: ArraySlice<UInt8>

        var isAtEnd: Bool { bytes.isEmpty }

        /// The parameters of one element, their names in lower case; `nil` unless there is an element.
        mutating func element() -> [String: String]? {
            var parameters: [String: String] = [:]
            repeat {
                skipBlanks()
                guard let name = token(), skip("="), let value = skip("\"") ? quoted() : token(),
                    parameters.updateValue(value, forKey: name.lowercased()) == nil
                else { return nil }
                skipBlanks()
            } while skip(";")
            return parameters
        }

        mutating func skip(_ scalar: Unicode.Scalar) -> Bool {
            guard bytes.first == UInt8(ascii: scalar) else { return false }
            bytes.removeFirst()
            return true
        }

        private mutating func skipBlanks() {
            bytes = bytes.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        }

        private mutating func token() -> String? {
            let token = bytes.prefix(while: Self.isToken)
            bytes = bytes[token.endIndex...]
            return token.isEmpty ? nil : String(decoding: token, as: UTF8.self)
        }

        /// What is left of a quoted string whose first quote has been read.
        private mutating func quoted() -> String? {
            var value: [UInt8] = []
            while let byte = bytes.popFirst() {
                switch byte {
                case UInt8(ascii: "\""):
                    return String(validating: value, as: UTF8.self)
                case UInt8(ascii: "\\"):
                    guard let escaped = bytes.popFirst() else { return nil }
                    value.append(escaped)
                default:
                    value.append(byte)
                }
            }
            return nil
        }

        /// RFC 9110, section 5.6.2; and the colons and brackets that many proxies leave without the quotes they need.
        private static func isToken(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "A")...UInt8(ascii: "Z"):
                true
            default: "!#$%&'*+-.^_`|~:[]".utf8.contains(byte)
            }
        }
    }
}
