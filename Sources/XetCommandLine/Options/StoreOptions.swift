import ArgumentParser
import XetAccess
import XetClient
import XetObjects
import XetWire

/// How a bucket is reached, for the commands that use one.
struct StoreOptions: ParsableArguments {
    @Option(
        name: .customLong("s3-endpoint"),
        help: ArgumentHelp(
            "Address of the store, if it is not that of AWS. (env AWS_ENDPOINT_URL_S3)",
            valueName: "url"
        )
    )
    var endpoint: String?

    @Option(
        name: .customLong("s3-region"),
        help: ArgumentHelp("Region that requests are signed for. (env AWS_REGION)", valueName: "region")
    )
    var region: String?

    @Option(
        name: .customLong("s3-addressing"),
        help: ArgumentHelp(
            "How the bucket is addressed: path (endpoint/bucket), virtual (bucket.endpoint) or auto. (default: auto)",
            valueName: "style"
        ),
        completion: .list(ObjectStoreSettings.Addressing.allCases.map(\.rawValue))
    )
    var addressing = ObjectStoreSettings.Addressing.auto.rawValue

    @Option(
        name: .customLong("ca-file"),
        help: ArgumentHelp("PEM file of certificates to trust besides the system's.", valueName: "file")
    )
    var authorityFile: String?

    /// Runs `body` with the store at a place, and the area of those who have a secret in common.
    ///
    /// Prints what is wrong with the options, and throws the exit status.
    func withStore<Value>(
        _ place: String,
        secret: [UInt8]? = nil,
        _ body: (OpenStore) async throws -> Value
    ) async throws -> Value {
        let store: OpenStore
        do {
            var settings = ObjectStoreSettings(try S3Location(place))
            if let text = endpoint ?? Environment["AWS_ENDPOINT_URL_S3"] {
                guard let address = HTTPAddress(text) else {
                    throw ValidationError("'--s3-endpoint' is an http or https URL without a path, user or token.")
                }
                settings.endpoint = address
            }
            guard let addressing = ObjectStoreSettings.Addressing(rawValue: addressing) else {
                throw ValidationError("'--s3-addressing' is auto, path or virtual.")
            }
            settings.addressing = addressing
            settings.region = region
            var http = UpstreamHTTP.Configuration()
            try OutboundOptions.apply(authorityFile: authorityFile, to: &http)
            store = try await OpenStore(.init(settings: settings, secret: secret), http, wait: .patient)
        } catch let error as ObjectStoreError {
            CommandFailure.print("\(error)")
            throw ExitCode.failure
        }
        do {
            let value = try await body(store)
            await store.close()
            return value
        } catch let error as ObjectStoreError {
            await store.close()
            CommandFailure.print("\(error)")
            throw ExitCode.failure
        } catch {
            await store.close()
            throw error
        }
    }
}
