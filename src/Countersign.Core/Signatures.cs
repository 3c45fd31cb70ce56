using System.Security.Cryptography;
using Countersign.Core.Identity;
using Countersign.Core.Identity.Passkeys;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;

namespace Countersign.Core;

/// <summary>Makes the statements that people sign with passkeys, and checks what they signed.</summary>
internal sealed class Signatures(IStore store, PasskeyRegister register, PasskeyOptions options, FillRandom random)
{
    private const int NonceBytes = 16;

    private static ReadOnlySpan<byte> SealLabel => "countersign-statement-seal-v1\n"u8;

    /// <summary>The statement about one answer to an action as it stands now.</summary>
    public SealedStatement StatementFor(ActionRecord record, PersonId person, Decision decision)
    {
        Span<byte> nonce = stackalloc byte[NonceBytes];
        random(nonce);
        var statement = (DecisionStatement.Of(record, decision, person, nonce) with
        {
            Ledger = options.Ledger,
            ExpiresAt = store.Now + DecisionStatement.Lifetime,
        }).ToBytes();
        return new SealedStatement(statement, SealOf(statement));
    }

    /// <summary>
    /// The verified signature of a ballot, and the passkey's use that has to be committed with it; or why it proves
    /// nothing.
    /// </summary>
    public async Task<SignatureCheck> CheckAsync(
        ActionRecord record, PersonId person, Ballot ballot, CancellationToken cancellationToken)
    {
        var (statement, assertion) = ballot.Signature!;
        if (options.Party() is not { } party)
        {
            return new SignatureCheck.Failed("This server takes no passkeys.");
        }

        if (WhyNot(statement, record, person, ballot) is { } mismatch)
        {
            return new SignatureCheck.Failed(mismatch);
        }

        var ceremony = new Ceremony(party, DecisionStatement.ChallengeOf(statement.Statement.Span));
        return await register.CheckAsync(assertion, ceremony, cancellationToken) switch
        {
            PasskeyCheck.Passed passed when passed.Passkey.Person == person => new SignatureCheck.Passed(
                new SignedDecision(
                    statement.Statement, assertion, passed.Passkey.PublicKey, passed.Passkey.Entry, party),
                passed.Use),
            PasskeyCheck.Passed => new SignatureCheck.Failed("It was signed with the passkey of somebody else."),
            PasskeyCheck.Failed failed => new SignatureCheck.Failed(failed.Why),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    /// <summary>
    /// A statement about an older revision is left to the digest's own check: there the person learns that it is stale.
    /// </summary>
    private string? WhyNot(SealedStatement given, ActionRecord record, PersonId person, Ballot ballot)
    {
        if (DecisionStatement.TryRead(given.Statement) is not { } said
            || !CryptographicOperations.FixedTimeEquals(SealOf(given.Statement.Span), given.Seal.Span))
        {
            return "The statement that was signed is none of this server's.";
        }

        var expected = DecisionStatement.Of(record, ballot.Decision, person, nonce: []) with
        {
            Ledger = options.Ledger,
            ExpiresAt = said.ExpiresAt,
            Nonce = said.Nonce,
        };
        return 0 switch
        {
            _ when said.ExpiresAt <= store.Now => "The statement that was signed has expired: sign a new one.",
            _ when said.Digest != ballot.Digest => "The statement that was signed is about another digest.",
            _ when ballot.Digest == record.Action.Digest && said != expected =>
                "The statement that was signed says something else than this vote.",
            _ when (said.Action, said.Decision, said.Person) != (record.Id, ballot.Decision, person) =>
                "The statement that was signed is about another answer.",
            _ => null,
        };
    }

    private byte[] SealOf(ReadOnlySpan<byte> statement) =>
        HMACSHA256.HashData(options.Key.Span, [.. SealLabel, .. statement]);
}

/// <summary>What became of checking a signed decision.</summary>
internal abstract record SignatureCheck
{
    private SignatureCheck()
    {
    }

    public sealed record Passed(SignedDecision Signature, PasskeyWrite.Uses Use) : SignatureCheck;

    public sealed record Failed(string Why) : SignatureCheck;
}
