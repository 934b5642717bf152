import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import XetWire

/// One question to a server, answered by a status.
struct HealthProbe {
    /// What came of it, in a line for a person.
    enum Outcome {
        case well(String)
        case unwell(String)
    }

    let address: HTTPAddress
    /// Seconds for the answer, the connection included.
    let timeout: Int

    /// Asks once; redirects are not followed and nothing is tried again.
    func ask() async -> Outcome {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.httpVersion = .http1Only
        configuration.timeout.connect = .seconds(Int64(timeout))
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.tlsConfiguration = .makeClientConfiguration()
        // On its own machine a server has another name than the one in its certificate.
        configuration.tlsConfiguration?.certificateVerification = .none
        do {
            let status = try await HTTPClient.withHTTPClient(configuration: configuration) { client in
                // The body says nothing more, so it is not waited for.
                try await client.execute(HTTPClientRequest(url: address.absolute), timeout: .seconds(Int64(timeout)))
                    .status
            }
            let line = "\(address) answered \(status.code)"
            return (200..<300).contains(status.code) ? .well(line) : .unwell(line)
        } catch {
            return .unwell("\(address) \(text(error))")
        }
    }

    /// What the client calls an answer that takes too long.
    private static let delays: [HTTPClientError] = [
        .connectTimeout, .tlsHandshakeTimeout, .getConnectionFromPoolTimeout, .deadlineExceeded, .readTimeout,
    ]

    private var late: String { "gave no answer in \(timeout) s" }

    private func text(_ error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError:
            guard let failure = error.connectionErrors.first else { return "cannot be reached: no such host" }
            return text(failure.error)
        case let error as IOError:
            return "cannot be reached: \(Descriptor.text(error.errnoCode))"
        case ChannelError.connectTimeout:
            return late
        case let error as HTTPClientError where Self.delays.contains(error):
            return late
        default:
            return "gave no answer: \(error)"
        }
    }
}
