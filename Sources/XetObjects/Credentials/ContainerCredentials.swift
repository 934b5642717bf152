import HTTPTypes
import NIOCore
import XetAccess
import XetClient
import XetWire

/// Credentials that the host of a container hands out, as ECS and EKS do.
///
/// Source: "Container credential provider" in the AWS SDKs and Tools reference.
struct ContainerCredentials: CredentialSource {
    private static let maximumAnswerByteCount = 64 << 10
    private static let relative = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
    private static let full = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
    private static let token = "AWS_CONTAINER_AUTHORIZATION_TOKEN"
    /// The hosts of ECS and EKS, which are asked without TLS.
    private static let hosts = ["169.254.170.2", "169.254.170.23", "fd00:ec2::23"].compactMap { IPAddress($0) }
    private static let loopback = ["127.0.0.0/8", "::1/128"].compactMap { AddressRange($0) }

    let environment: S3Environment
    let http: UpstreamHTTP
    let timeout: TimeAmount

    var sought: String { "\(Self.relative) or \(Self.full)" }

    func credentials() async throws -> S3Credentials? {
        guard let address = try address() else { return nil }
        var request = UpstreamRequest(
            .get,
            address,
            of: .store,
            headers: [.accept: "application/json"],
            authorization: try authorization()
        )
        // What only this machine can reach no proxy can, and it has no business with the token.
        request.isDirect = !address.origin.isSecure
        let (status, body) = try await http.smallAnswer(
            to: request,
            upTo: Self.maximumAnswerByteCount,
            within: timeout
        )
        guard status == 200 else {
            throw ObjectStoreError(
                status >= 500 ? .away : .denied,
                "\(address.origin) gives no credentials: status \(status)"
            )
        }
        guard let credentials = Self.credentials(json: body) else {
            throw ObjectStoreError(.invalid, "\(address.origin) answered no credentials")
        }
        return credentials
    }

    /// `nil` if the text is something else.
    static func credentials(json: [UInt8]) -> S3Credentials? {
        var texts: [String: String] = [:]
        var reader = JSONReader(json)
        do {
            try reader.members { name, reader in texts[name] = try reader.stringIfPresent()?.value }
            try reader.end()
        } catch {
            return nil
        }
        guard let keyID = texts["AccessKeyId"], let secret = texts["SecretAccessKey"] else { return nil }
        var expiration: Int64?
        if let text = texts["Expiration"] {
            guard let date = HTTPDate(iso: text) else { return nil }
            expiration = date.unixSeconds
        }
        return S3Credentials(keyID: keyID, secret: secret, sessionToken: texts["Token"], expiration: expiration)
    }

    private func address() throws(ObjectStoreError) -> HTTPAddress? {
        if let path = environment[Self.relative] {
            guard path.hasPrefix("/"), let address = HTTPAddress("http://169.254.170.2\(path)") else {
                throw ObjectStoreError(.noCredentials, "\(Self.relative) is no path")
            }
            return address
        }
        guard let text = environment[Self.full] else { return nil }
        guard let address = HTTPAddress(text) else {
            throw ObjectStoreError(.noCredentials, "\(Self.full) is no address")
        }
        guard Self.mayBeAsked(address.origin) else {
            throw ObjectStoreError(
                .noCredentials,
                "\(Self.full) names \(address.origin): without https, only this machine and the hosts of ECS and EKS are asked"
            )
        }
        return address
    }

    private static func mayBeAsked(_ origin: HTTPAddress.Origin) -> Bool {
        if origin.isSecure || origin.host == "localhost" { return true }
        guard let address = IPAddress(origin.host) else { return false }
        return loopback.contains { $0.contains(address) } || hosts.contains(address)
    }

    private func authorization() throws(ObjectStoreError) -> String? {
        let text: String
        let place: String
        if let path = environment[Self.token + "_FILE"] {
            guard let bytes = try environment.bytes(of: path) else {
                throw ObjectStoreError(.noCredentials, "'\(path)', which is to hold a token, is not there")
            }
            (text, place) = (String(decoding: bytes, as: UTF8.self), "'\(path)'")
        } else {
            guard let token = environment[Self.token] else { return nil }
            (text, place) = (token, Self.token)
        }
        let line = text.utf8.reversed().drop { $0 == 0x0A || $0 == 0x0D }.reversed()
        guard !line.isEmpty, line.count <= S3Credentials.maximumByteCount,
            line.allSatisfy({ $0 >= 0x20 && $0 < 0x7F })
        else { throw ObjectStoreError(.noCredentials, "\(place) holds what cannot be sent as a token") }
        return String(decoding: Array(line), as: UTF8.self)
    }
}
