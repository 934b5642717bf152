import XetWire

/// The direction of a batch of Git LFS.
enum LFSOperation: String, Hashable, Sendable {
    case download
    case upload

    /// Most bytes of a batch: clients send 100 objects, or 256.
    static let maximumByteCount = 2 << 20

    /// What the body of a batch asks for; `nil` if it does not say, or says two things.
    init?(_ json: [UInt8]) {
        var reader = JSONReader(json)
        var operations: [String] = []
        do {
            try reader.members { name, reader in
                if name == "operation" { operations.append(try reader.string().value) }
            }
            try reader.end()
        } catch {
            return nil
        }
        guard operations.count == 1, let operation = LFSOperation(rawValue: operations[0]) else { return nil }
        self = operation
    }
}
