import XetAccess
import XetCore
import XetStore
import XetWire

/// What the routes work with.
struct OriginServices: Sendable {
    let catalog: Catalog
    let keeper: CatalogKeeper
    /// Has the keeper look at once.
    let bell: Bell
    let ledger: UploadLedger
    let rules: AccessRules
    let signer: Signer
    let xorbs: DiskXorbStore
    let shards: DiskShardStore
    let layout: StoreLayout
    /// Held as long as the origin lives.
    let lock: FolderLock
    /// How long a CAS token is good, in seconds.
    let tokenLifetime: UInt64
    /// How long a signed address is good, in seconds.
    let addressLifetime: UInt64
    /// Unix seconds.
    let now: @Sendable () -> UInt64
}
