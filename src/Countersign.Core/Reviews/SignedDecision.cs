using System.Collections.Immutable;
using Countersign.Core.Identity.Passkeys;

namespace Countersign.Core.Reviews;

/// <summary>A signed answer as a person hands it in.</summary>
public sealed record SignedAnswer(SealedStatement Statement, PasskeyAssertion Assertion);

/// <summary>
/// A signature that was verified, with all it takes to verify it again, years later and without this gateway: raw bytes
/// only, because anything spelled anew would not verify.
/// </summary>
/// <param name="Statement">What was signed.</param>
/// <param name="Assertion">The authenticator's answer.</param>
/// <param name="PublicKey">The passkey's public key, as its enrolment recorded it.</param>
/// <param name="Enrolled">Index of the <c>credential.enrolled</c> entry.</param>
/// <param name="Party">Whom the passkey was asked for, and on which pages.</param>
public sealed record SignedDecision(
    ReadOnlyMemory<byte> Statement,
    PasskeyAssertion Assertion,
    ReadOnlyMemory<byte> PublicKey,
    long Enrolled,
    RelyingParty Party);
