import HTTPTypes
import NIOCore
import XetAccess
import XetClient
import XetWire

/// Exchanges a token of another authority for credentials: `AssumeRoleWithWebIdentity` of STS.
struct WebIdentityExchange: Sendable {
    private static let maximumAnswerByteCount = 64 << 10

    let http: UpstreamHTTP
    /// The region whose STS is asked; `nil` for the one of all regions.
    let region: S3Region?
    /// Longest wait for the head of an answer, and for the rest.
    let timeout: TimeAmount

    /// The credentials for the token in a file, which is read anew each time: it is replaced before it ends.
    func credentials(
        tokenFile path: String,
        role: String,
        sessionName: String?,
        _ environment: S3Environment
    ) async throws -> S3Credentials {
        guard let bytes = try environment.bytes(of: path) else {
            throw ObjectStoreError(.noCredentials, "'\(path)', which is to hold the web identity's token, is not there")
        }
        guard let token = S3Credentials.checked(String(decoding: bytes, as: UTF8.self)) else {
            throw ObjectStoreError(.noCredentials, "'\(path)' holds no token")
        }
        let form = [
            ("Action", "AssumeRoleWithWebIdentity"), ("Version", "2011-06-15"), ("RoleArn", role),
            ("RoleSessionName", sessionName ?? "xet"), ("WebIdentityToken", token),
        ]
        let body = form.map { "\($0.0)=\(PercentEncoding.encode(segment: $0.1))" }.joined(separator: "&")
        let address = try address(environment)
        let request = UpstreamRequest(
            .post,
            address,
            of: .store,
            headers: [.contentType: "application/x-www-form-urlencoded", .accept: "application/xml"],
            body: UpstreamRequest.Body(ByteBuffer(string: body))
        )
        let (status, answer) = try await http.smallAnswer(
            to: request,
            upTo: Self.maximumAnswerByteCount,
            within: timeout
        )
        let document = try? S3XML.parse(answer)
        guard status == 200 else {
            let code = document?["Error"]?["Code"].flatMap { StoreFailure.checkedCode($0.text) }
            throw ObjectStoreError(
                status >= 500 ? .away : .denied,
                "\(address.origin) gives no credentials for \(role): \(code ?? "status \(status)")"
            )
        }
        guard let found = document?["AssumeRoleWithWebIdentityResult"]?["Credentials"],
            let keyID = found["AccessKeyId"]?.text, let secret = found["SecretAccessKey"]?.text,
            let session = found["SessionToken"]?.text,
            let expiration = (found["Expiration"]?.text).flatMap({ HTTPDate(iso: $0) }),
            let credentials = S3Credentials(
                keyID: keyID,
                secret: secret,
                sessionToken: session,
                expiration: expiration.unixSeconds
            )
        else { throw ObjectStoreError(.invalid, "\(address.origin) answered no credentials") }
        return credentials
    }

    private func address(_ environment: S3Environment) throws(ObjectStoreError) -> HTTPAddress {
        let name = "AWS_ENDPOINT_URL_STS"
        if let text = environment[name] {
            guard let address = HTTPAddress(text) else { throw ObjectStoreError(.invalid, "\(name) is no address") }
            return address
        }
        let text = region.map { "https://sts.\($0.name).\($0.domain)/" } ?? "https://sts.amazonaws.com/"
        guard let address = HTTPAddress(text) else { throw ObjectStoreError(.invalid, "'\(text)' is no address") }
        return address
    }
}
