import BLAKE3
import XetCore

/// Where in a store the objects of those stand who share a secret, and how these tell them from others.
///
/// All names begin with that of the area, so that two sites with two secrets may use one prefix.
public struct SharedArea: Sendable {
    /// What objects are sealed with.
    let key: BLAKE3Key
    /// The first part of all names: 16 hex digits.
    let name: String

    /// The area of a secret.
    ///
    /// Without one it is that of all who have none: then a seal shows what is damaged, and nothing about who wrote it.
    public init(secret: [UInt8]?) {
        let seal = Self.derive("xet 2026: seal of shared chunks", secret)
        key = BLAKE3Key(words: (seal.w0, seal.w1, seal.w2, seal.w3))
        var digits: [UInt8] = []
        digits.appendHex(Self.derive("xet 2026: name of shared chunks", secret).w0)
        name = String(decoding: digits, as: UTF8.self)
    }

    private static func derive(_ purpose: String, _ secret: [UInt8]?) -> BLAKE3Digest {
        let text = Array(purpose.utf8)
        let purpose = BLAKE3Hasher.hash(text.rawSpan)
        let key = BLAKE3Key(words: (purpose.w0, purpose.w1, purpose.w2, purpose.w3))
        let secret = secret ?? []
        return BLAKE3Hasher.hash(secret.rawSpan, key: key)
    }

    /// What holds a block, or chunks of one.
    func name(of object: BlockObject) -> String {
        let place = "\(object.block.xorb)/\(object.block.number)"
        return switch object.kind {
        case .whole: "\(name)/chunks/\(place)"
        case .part(let number): "\(name)/chunks/\(place)-\(number)"
        case .imported(let number): "\(name)/imports/\(place)-\(number)"
        }
    }

    /// What holds terms of a file that was imported: those that come so and so many-th.
    func termsName(of file: FileHash, _ number: Int) -> String { "\(name)/files/\(file)/\(number)" }

    /// What the names of all bundles begin with.
    var bundlesPrefix: String { "\(name)/bundles/" }

    /// What holds a part of what a bundle says that the Hub said.
    func answersName(of bundle: String, _ number: Int) -> String { "\(bundlesPrefix)\(bundle)/\(number)" }

    /// What says that a bundle is whole: for those who may see what it is of, or `forAll`.
    func endName(of bundle: String, forAll: Bool) -> String { "\(bundlesPrefix)\(bundle)/\(forAll ? "all" : "end")" }

    /// Whether an object may be that of an area, by its name, and comes back if it is dropped.
    static func isName(_ name: String) -> Bool {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard let area = parts.first, area.utf8.count == 16, area.utf8.allSatisfy({ $0.hexValue != nil }) else {
            return false
        }
        return parts.count == 4 && ["chunks", "claims", "waits"].contains(parts[1])
            || parts.count == 2 && parts[1] == "trial"
    }

    /// What is asked for, and put, to see whether the store is back.
    var trialName: String { "\(name)/trial" }

    /// What says that somebody fetches a range.
    func claimName(of range: SharedRange) -> String { name("claims", range) }

    /// What says that somebody waits for what another fetches.
    func waitName(of range: SharedRange) -> String { name("waits", range) }

    private func name(_ kind: String, _ range: SharedRange) -> String {
        "\(name)/\(kind)/\(range.xorb)/\(range.chunks.start)-\(range.chunks.end)"
    }
}
