/// Certificates of servers that exist nowhere, and their keys, in PEM.
enum SampleCertificate {
    static let first = """
        -----BEGIN CERTIFICATE-----
        MIIBfTCCASOgAwIBAgIUfH5aCrXNbk8iO8kOzpRNBSP6vlgwCgYIKoZIzj0EAwIw
        EzERMA8GA1UEAwwIdGVzdCBvbmUwIBcNMjYxMTI3MDkxNjA4WhgPMjEyNjExMDMw
        OTE2MDhaMBMxETAPBgNVBAMMCHRlc3Qgb25lMFkwEwYHKoZIzj0CAQYIKoZIzj0D
        AQcDQgAEsStrJNCCViYZZQoof98YIriTwB9rnwbOJRpE28wyyHLyMuYb68CNfTfG
        sBVGx5xIqVp0vjEQGbQJGv/P9KPvKaNTMFEwHQYDVR0OBBYEFOAxHeRH6BdOl318
        yFL9JK0X52e/MB8GA1UdIwQYMBaAFOAxHeRH6BdOl318yFL9JK0X52e/MA8GA1Ud
        EwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIgT7u7aZY2vlKXczsW7tQgV61S
        p+B8tc3sC4lIuDBXMS8CIQDAdGMypckEcLeqvc5zJhOyjOhTOQDa/XUqCIUsnCZh
        Uw==
        -----END CERTIFICATE-----

        """

    static let firstKey = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgUDZ0yT7iE/izhdbI
        /r3q6HKijew7ZH6A7EAXDU9EreChRANCAASxK2sk0IJWJhllCih/3xgiuJPAH2uf
        Bs4lGkTbzDLIcvIy5hvrwI19N8awFUbHnEipWnS+MRAZtAka/8/0o+8p
        -----END PRIVATE KEY-----

        """

    static let second = """
        -----BEGIN CERTIFICATE-----
        MIIBfDCCASOgAwIBAgIURN56vwoSMA7QtGYveStyWOl1VqswCgYIKoZIzj0EAwIw
        EzERMA8GA1UEAwwIdGVzdCB0d28wIBcNMjYxMTI3MDkxNjA4WhgPMjEyNjExMDMw
        OTE2MDhaMBMxETAPBgNVBAMMCHRlc3QgdHdvMFkwEwYHKoZIzj0CAQYIKoZIzj0D
        AQcDQgAEIJp/Syhdce2R6lUrIdVlzTkGonxK6WUBMX45ZpOX5IRnfLZBrYbSgdh2
        NouFpfQ2pqIN06rE973qwz+1+FXXFaNTMFEwHQYDVR0OBBYEFLEZ7+p5KIljgP/J
        Wom448i6yvjnMB8GA1UdIwQYMBaAFLEZ7+p5KIljgP/JWom448i6yvjnMA8GA1Ud
        EwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDRwAwRAIgTUf5qOy8q3ABLLUy+p5nm/TD
        Z9HI1SzGyP2vVYjX+xQCIDFoqiwf+UCgXs4I+yqG9UZ969f0JDyIDouQTe6jt1CA
        -----END CERTIFICATE-----

        """

    static let secondKey = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgXdLejjdH6mGpjaaR
        n0OXyod/6QDcY0ZQwTdgkfxkF0OhRANCAAQgmn9LKF1x7ZHqVSsh1WXNOQaifErp
        ZQExfjlmk5fkhGd8tkGthtKB2HY2i4Wl9Damog3TqsT3verDP7X4VdcV
        -----END PRIVATE KEY-----

        """
}
