import XetCore
import XetWire

/// What a CAS token allows: to read, or read and write, files of one repository, in the name of one caller, for a time.
///
/// Its text is `access:kind:name:caller:expiration:signature`; name and caller are percent-encoded.
struct CASGrant: Hashable, Sendable {
    enum Access: String, Sendable {
        case read
        case write
    }

    let access: Access
    let repository: Repository
    let caller: Caller
    /// Unix seconds.
    let expiration: UInt64

    init(access: Access, repository: Repository, caller: Caller, expiration: UInt64) {
        self.access = access
        self.repository = repository
        self.caller = caller
        self.expiration = expiration
    }

    /// `nil` unless `signer` signed the token and it has not ended at `now`.
    init?(token: String, signer: Signer, now: UInt64) {
        let parts = token.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 6, signer.isValid(parts[5], .casToken, Array(parts.prefix(5))),
            let access = Access(rawValue: parts[0]),
            let kind = RepositoryKind(rawValue: parts[1]),
            let name = PercentEncoding.decode(parts[2]),
            let repository = Repository(kind: kind, name: name),
            let caller = PercentEncoding.decode(parts[3]),
            let expiration = UInt64(parts[4]), now < expiration
        else { return nil }
        self.init(
            access: access,
            repository: repository,
            caller: caller.isEmpty ? .anonymous : .user(caller),
            expiration: expiration
        )
    }

    func token(_ signer: Signer) -> String {
        let parts = [
            access.rawValue, repository.kind.rawValue, PercentEncoding.encode(segment: repository.name),
            PercentEncoding.encode(segment: caller.name), "\(expiration)",
        ]
        return (parts + [signer.signature(.casToken, parts)]).joined(separator: ":")
    }
}
