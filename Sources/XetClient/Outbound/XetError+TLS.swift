import NIOSSL
import XetAccess
import XetWire

extension XetError {
    /// What a TLS failure with `origin` means, if it is one that stays until somebody changes something.
    init?(tls error: any Error, _ origin: HTTPAddress.Origin) {
        let help = "if a private authority vouches for it, name its certificates with --ca-file or SSL_CERT_FILE"
        switch error {
        case NIOSSLError.handshakeFailed(let failure) where "\(failure)".contains("CERTIFICATE_VERIFY_FAILED"):
            self.init(.unreachable, "the certificate of \(origin) is not trusted: \(help)")
        case NIOSSLError.unableToValidateCertificate:
            self.init(.unreachable, "the certificate of \(origin) is not trusted: \(help)")
        case let error as NIOSSLExtraError where error == .failedToValidateHostname:
            self.init(.unreachable, "the certificate of \(origin) is for another host")
        case BoringSSLError.unknownError where !TrustRoots.systemHasSome:
            self.init(
                .unreachable,
                "nobody can vouch for \(origin): this system has no certificates of authorities; name some with --ca-file"
            )
        default:
            return nil
        }
    }
}
