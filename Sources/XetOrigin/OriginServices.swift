import XetAccess
import XetCore
import XetWire

/// What the routes work with.
struct OriginServices: Sendable {
    let catalog: Catalog
    let ledger: UploadLedger
    let rules: AccessRules
    let signer: Signer
    let xorbs: any XorbStore
    let shards: any ShardStore
    /// How long a CAS token is good, in seconds.
    let tokenLifetime: UInt64
    /// How long a signed address is good, in seconds.
    let addressLifetime: UInt64
    /// Unix seconds.
    let now: @Sendable () -> UInt64
}
