import XetWire

extension Signer.Purpose {
    static let casToken = Signer.Purpose("cas-token")
    static let xorbBytes = Signer.Purpose("xorb-bytes")
    static let fileBytes = Signer.Purpose("file-bytes")
}
