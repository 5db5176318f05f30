import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryVault

@Suite struct AWSSourceTests {
    private let clock = ManualClock(now: 1_795_309_323)
    private static let environment = [
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        "AWS_REGION": "eu-central-1", "PATH": "/usr/bin:/bin",
    ]

    private func fetch(
        _ requester: ScriptedRequester,
        _ environment: [String: String] = environment,
        _ change: (inout AWSSource) -> Void = { _ in }
    ) async -> Fetched {
        var source = AWSSource()
        source.secret = "prod/openai"
        change(&source)
        return await source.fetched(
            Surroundings(environment: environment, requester: requester, engine: LendingEngine(clock: clock))
        )
    }

    private func fault(_ fault: SourceFault) -> Fetched { .fault(fault) }
    private let label = "AWS secret prod/openai"

    // The signatures are those of botocore 1.43.
    @Test(
        arguments: [
            (nil, "753251dfc757038f98714761d26aec918eba62fe8f1318b4d0717ad3487b3c77", "x-amz-date;x-amz-target"),
            (
                "SESSION/TOKEN+x==", "704501ac28bb4adeafdd4734096533cea0f71b106d737f702a584fc047ac258e",
                "x-amz-date;x-amz-security-token;x-amz-target"
            ),
        ] as [(String?, String, String)]
    )
    func signsAsAWSDoes(_ session: String?, _ signature: String, _ names: String) async throws {
        let requester = ScriptedRequester(200, #"{"SecretString":"sk-1"}"#)
        var environment = Self.environment
        environment["AWS_SESSION_TOKEN"] = session
        #expect(await fetch(requester, environment) == .plain("sk-1"))
        let request = try #require(requester.requests.first)
        #expect(request.url == "https://secretsmanager.eu-central-1.amazonaws.com")
        #expect(request.text == #"{"SecretId":"prod/openai"}"#)
        #expect(request.value("x-amz-date") == "20261122T010203Z")
        #expect(request.value("x-amz-security-token") == session)
        #expect(
            request.value("authorization")
                == "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261122/eu-central-1/secretsmanager/aws4_request, "
                + "SignedHeaders=content-type;host;\(names), Signature=\(signature)"
        )
        #expect(request.value("host") == nil)
    }

    @Test func takesOneMemberOutOfAJSONSecret() async {
        let requester = ScriptedRequester(200, #"{"SecretString":"{\"api_key\":\"sk-1\",\"n\":12}"}"#)
        #expect(await fetch(requester) { $0.member = "api_key" } == .plain("sk-1"))
        #expect(await fetch(requester) { $0.member = "n" } == .plain("12"))
        #expect(
            await fetch(requester) { $0.member = "none" }
                == fault(.refused(label: label, reason: "the secret has no such member"))
        )
        let plain = ScriptedRequester(200, #"{"SecretString":"sk-canary"}"#)
        #expect(
            await fetch(plain) { $0.member = "api_key" }
                == fault(.refused(label: label, reason: "the secret is no JSON object"))
        )
    }

    @Test func asksForTheStageAndAtTheEndpoint() async throws {
        let requester = ScriptedRequester(200, #"{"SecretString":"sk-1"}"#)
        _ = await fetch(requester) {
            $0.stage = "AWSPREVIOUS"
            $0.endpoint = "http://127.0.0.1:5000"
        }
        let request = try #require(requester.requests.first)
        #expect(request.text == #"{"SecretId":"prod/openai","VersionStage":"AWSPREVIOUS"}"#)
        #expect(request.url == "http://127.0.0.1:5000")
    }

    @Test(arguments: [
        ("ResourceNotFoundException", true), ("AccessDeniedException", true), ("DecryptionFailure", true),
        ("UnrecognizedClientException", true), ("InvalidRequestException", true), ("InvalidParameterException", true),
        ("ExpiredTokenException", false), ("ThrottlingException", false), ("InternalServiceError", false),
        ("SomethingNew", false),
    ])
    func knowsWhatAnErrorMeans(_ name: String, _ isLasting: Bool) async {
        let body = #"{"__type":"com.amazonaws.secretsmanager#\#(name)","message":"canary"}"#
        guard case .fault(let fault) = await fetch(ScriptedRequester(400, body)) else {
            Issue.record("a key")
            return
        }
        #expect(fault.isLasting == isLasting)
        #expect(!"\(fault)".contains("canary"))
        #expect("\(fault)".contains(name) || ["ResourceNotFoundException", "SomethingNew"].contains(name))
    }

    @Test func saysWhatIsMissing() async {
        let requester = ScriptedRequester(200, #"{"SecretBinary":"AAEC"}"#)
        #expect(
            await fetch(requester)
                == fault(.refused(label: label, reason: "the secret is binary; only a text can be a key"))
        )
        for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"] {
            var environment = Self.environment
            environment[name] = nil
            guard case .fault(let found) = await fetch(requester, environment) else {
                Issue.record("a key")
                return
            }
            #expect("\(found)".contains(name == "AWS_REGION" ? "region" : "no credentials"))
        }
        let down = ScriptedRequester { _, _ throws(FetchFailure) in throw .unreachable }
        #expect(await fetch(down) == fault(.unreadable(label: label, reason: "nobody answers there")))
    }

    @Test func signsWithWhatACommandPrints() async throws {
        let requester = ScriptedRequester(200, #"{"SecretString":"sk-1"}"#)
        func credentials(_ expiration: String) -> [String] {
            [
                "printf", "%s",
                #"{"Version":1,"AccessKeyId":"AKIDOTHER","SecretAccessKey":"s","SessionToken":"t","Expiration":"\#(expiration)"}"#,
            ]
        }
        #expect(await fetch(requester) { $0.credentialCommand = credentials("2026-11-22T02:00:00Z") } == .plain("sk-1"))
        let request = try #require(requester.requests.first)
        #expect(request.value("authorization")?.contains("Credential=AKIDOTHER/") == true)
        #expect(request.value("x-amz-security-token") == "t")
        #expect(
            await fetch(requester) { $0.credentialCommand = credentials("2026-11-22T01:00:00Z") }
                == fault(.expired(label: label))
        )
        #expect(
            await fetch(requester) { $0.credentialCommand = ["printf", "sk-canary"] }
                == fault(.refused(label: label, reason: "the credential command printed no credentials"))
        )
    }
}
