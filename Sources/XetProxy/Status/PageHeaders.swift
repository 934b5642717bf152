import HTTPTypes

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
    private static func page(_ name: String) -> HTTPField.Name {
        guard let field = HTTPField.Name(name) else { preconditionFailure("\(name) is a valid header name") }
        return field
    }

    static let referrerPolicy = page("Referrer-Policy")
    static let resourcePolicy = page("Cross-Origin-Resource-Policy")
    /// Has nginx pass each event on as it comes.
    static let accelBuffering = page("X-Accel-Buffering")
}
