import HTTPTypes
import XetWire

extension HTTPFields {
    /// What goes with everything that a browser shows: nothing from elsewhere, nothing inline, no frame around it.
    static func page(contentType: String, cacheControl: String) -> HTTPFields {
        [
            .contentType: contentType,
            .cacheControl: cacheControl,
            .contentSecurityPolicy: """
            default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; \
            base-uri 'none'; form-action 'none'; frame-ancestors 'none'
            """,
            .xContentTypeOptions: "nosniff",
            .referrerPolicy: "no-referrer",
            .resourcePolicy: "same-origin",
        ]
    }
}

extension HTTPField.Name {
    static let referrerPolicy = known("Referrer-Policy")
    static let resourcePolicy = known("Cross-Origin-Resource-Policy")
    /// Has nginx pass each event on as it comes.
    static let accelBuffering = known("X-Accel-Buffering")
}
