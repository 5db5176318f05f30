public import OstiaryCore

/// Who put a question to a model and is told what comes of it.
public protocol Asker: AnyObject {
    /// The answer begins.
    func answered(_ answer: consuming ModelAnswer)
    /// There will be no answer.
    func failed(_ error: GateError)
    /// Another provider is asked than the one of the question.
    func goes(to provider: String)
    /// Lends that provider's key.
    func lendKey(of provider: String, for permit: Permit) throws(GateError) -> Loan?
    /// The answer has come to its end, whichever that is.
    func carried(_ carried: Carried)
}
