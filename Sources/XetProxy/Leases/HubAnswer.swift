import HTTPTypes
import NIOCore
import XetAccess
import XetClient
import XetWire

/// A whole answer of the Hub.
struct HubAnswer: Sendable {
    /// What an answer means for those that were given before, and that are to come.
    enum Meaning: Sendable {
        /// The caller may see the repository, and this is what it asked for.
        case permitted
        /// The Hub refuses the caller, or has no such repository for it.
        case denied
        /// The Hub cannot say.
        case none
        /// It is not for others, and says nothing about them.
        case other
    }

    private(set) var head: HTTPResponse
    let address: HTTPAddress
    let body: ByteBuffer
    /// When it is no longer good, in Unix seconds, if it says that.
    let expiration: UInt64?

    init(
        _ head: HTTPResponse,
        from address: HTTPAddress,
        body: ByteBuffer = ByteBuffer(),
        expiration: UInt64? = nil
    ) {
        self.head = head
        self.address = address
        self.body = body
        self.expiration = expiration
    }

    /// The answer as it is given again later (RFC 9111, section 5.1).
    func aged(_ seconds: Int64) -> HubAnswer {
        var answer = self
        answer.head.headerFields[.age] = "\(max(0, seconds))"
        return answer
    }

    /// Whether it comes from an archive: then what it leads to may be as far away as the Hub.
    var isArchived: Bool { head.headerFields[.archived] != nil }

    var meaning: Meaning {
        switch head.status.code {
        case 200, 301, 302, 303, 304, 307, 308: .permitted
        // Whoever is told that a file is missing may see the repository.
        case 404
        where [HubErrorCode.entryNotFound, HubErrorCode.revisionNotFound].contains(head.headerFields[.errorCode]):
            .permitted
        case 401, 403, 404, 410, 451: .denied
        case 408, 425, 429, 500...: .none
        default: .other
        }
    }

    /// Whether the Hub sends whoever asks to another place of its own: a repository may have two names.
    func isAlias(of hub: HTTPAddress) -> Bool {
        guard let location = head.headerFields[.location], let target = address.resolving(location) else {
            return false
        }
        return target.origin == hub.origin
    }

    /// About the bytes that it takes.
    var byteCount: Int {
        head.headerFields.reduce(body.readableBytes + address.absolute.utf8.count) {
            $0 + $1.name.rawName.utf8.count + $1.value.utf8.count + 64
        }
    }
}

extension HTTPField.Name {
    /// Marks what comes from an archive, within this process; no client gets it, and one that the Hub sends means nothing.
    static let archived = known("X-Xet-Archived")
}
