using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Identity.Passkeys;
using Countersign.Core.Reviews;

namespace Countersign.Core.Receipts;

/// <summary>What a signed vote has to be about.</summary>
internal sealed record StatementExpectation(
    string Ledger, ActionId Action, int Revision, string Digest, string? Card, string Policy, SaidVote Vote);

/// <summary>
/// Steps 4 to 10 for one vote. A vote without a signature proves that the gateway recorded it, and no more; a vote that
/// claims the strength of a passkey without one is in doubt.
/// </summary>
internal sealed class SignedVoteCheck(Findings findings, SupportingEntries supporting)
{
    /// <summary>A vote is checked before it is committed, and its entry has the time of the commit.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromMinutes(1);

    public void Check(SaidVote vote, StatementExpectation expected)
    {
        if (vote.Signed is not { } signed)
        {
            CheckUnsigned(vote);
            return;
        }

        CheckStatement(signed, expected);
        var client = ClientData.Parse(signed.Assertion.ClientDataJson);
        var data = AuthenticatorData.Parse(signed.Assertion.AuthenticatorData);
        CheckClientData(client, signed, vote);
        CheckRelyingParty(data, signed, vote);
        CheckFlags(data, vote);
        CheckSignature(signed, vote);
        CheckEnrolment(signed, vote);
        CheckRevocation(signed, vote);
    }

    private void CheckUnsigned(SaidVote vote)
    {
        if (vote.Assurance == Assurance.Passkey)
        {
            findings.Question(
                Doubt.Signature,
                $"The vote of {vote.Person} in entry {vote.Entry.Index} counts as signed, and has no signature.");
        }

        findings.Leave(8, vote.Assurance == Assurance.Chat
            ? $"That {vote.Person} pressed the button (entry {vote.Entry.Index}): platform-attested, whoever holds the "
                + "channel's secret could have made it."
            : $"That {vote.Person} voted (entry {vote.Entry.Index}): the gateway's word, it is no signature.");
    }

    // 4.
    private void CheckStatement(SignedDecision signed, StatementExpectation expected)
    {
        var vote = expected.Vote;
        var said = DecisionStatement.TryRead(signed.Statement);
        var agrees = said is not null
            && said.Ledger == expected.Ledger
            && said.Action == expected.Action
            && said.Revision == expected.Revision
            && said.Decision == vote.Decision
            && said.Digest.Value == expected.Digest
            && said.Policy.Value == expected.Policy
            && said.Person.Value == vote.Person
            && (expected.Card is null || said.Card == expected.Card)
            && vote.Entry.At <= said.ExpiresAt + Slack;
        if (!agrees)
        {
            findings.Question(
                Doubt.StatementDiffers,
                $"What {vote.Person} signed in entry {vote.Entry.Index} is another statement than this vote, or " +
                $"one that had expired.");
        }
        else if (expected.Card is null)
        {
            findings.Leave(4, $"What {vote.Person} was shown: the card of this revision was not recorded.");
        }
        else
        {
            findings.Prove(
                4, $"{vote.Person} signed '{vote.Decision.ToString().ToLowerInvariant()}' for {expected.Digest} " +
                    $"and the card shown here.");
            findings.Leave(4, "That the screen really showed that card: the page is the gateway's.");
        }
    }

    // 5.
    private void CheckClientData(ClientData client, SignedDecision signed, SaidVote vote)
    {
        var challenge = Base64Url.EncodeToString(DecisionStatement.ChallengeOf(signed.Statement.Span));
        if (client.Challenge != challenge)
        {
            findings.Question(
                Doubt.StatementDiffers,
                $"The assertion in entry {vote.Entry.Index} answers another challenge than this statement's.");
        }

        if (client.Type != "webauthn.get" || client.IsCrossOrigin
            || !signed.Party.Origins.Contains(client.Origin, StringComparer.Ordinal)
            || !IsOf(signed.Party.Id, client.Origin))
        {
            findings.Question(
                Doubt.ClientData,
                $"The assertion in entry {vote.Entry.Index} was made at '{client.Origin}', for something else, or " +
                $"inside a page of somebody else; it was asked for by {signed.Party.Id}.");
            return;
        }

        findings.Prove(5, $"Signed on a page of {client.Origin}.");
    }

    /// <summary>A browser lets only pages of the relying party's host use its passkeys, over HTTPS.</summary>
    private static bool IsOf(string party, string origin) =>
        Uri.TryCreate(origin, UriKind.Absolute, out var uri)
        && (uri.Scheme == Uri.UriSchemeHttps || uri.Host == "localhost")
        && (uri.Host == party || uri.Host.EndsWith($".{party}", StringComparison.Ordinal));

    // 6.
    private void CheckRelyingParty(AuthenticatorData data, SignedDecision signed, SaidVote vote)
    {
        if (data.RelyingPartyHash.Span.SequenceEqual(SHA256.HashData(Encoding.UTF8.GetBytes(signed.Party.Id))))
        {
            findings.Prove(6, $"For the site {signed.Party.Id}.");
            return;
        }

        findings.Question(
            Doubt.RelyingParty, $"The assertion in entry {vote.Entry.Index} is for another site than " +
                $"{signed.Party.Id}.");
    }

    // 7.
    private void CheckFlags(AuthenticatorData data, SaidVote vote)
    {
        if (!data.IsUserPresent || !data.IsUserVerified || data is { IsBackedUp: true, IsBackupEligible: false })
        {
            findings.Question(
                Doubt.Flags, $"The authenticator did not verify who used it for entry {vote.Entry.Index}.");
            return;
        }

        findings.Prove(7, $"The authenticator verified {vote.Person}.");
        if (data.IsBackupEligible)
        {
            findings.Leave(7, $"That only one device holds the passkey of {vote.Person}: it may be synchronised.");
        }
    }

    // 8.
    private void CheckSignature(SignedDecision signed, SaidVote vote)
    {
        if (CoseKey.Parse(signed.PublicKey).Verify(
            [.. signed.Assertion.AuthenticatorData.Span, .. SHA256.HashData(signed.Assertion.ClientDataJson.Span)],
            signed.Assertion.Signature.Span))
        {
            findings.Prove(8, $"The passkey of {vote.Person} made the signature of entry {vote.Entry.Index}.");
            return;
        }

        findings.Question(Doubt.Signature, $"The signature of entry {vote.Entry.Index} is not this passkey's.");
    }

    // 9.
    private void CheckEnrolment(SignedDecision signed, SaidVote vote)
    {
        var agrees = signed.Enrolled < vote.Entry.Index
            && supporting.FindEnrolment(signed.Enrolled) is { } enrolment
            && enrolment.Text("person") == vote.Person
            && enrolment.Text("credential_id") == signed.Assertion.Id.Value
            && enrolment.Text("public_key") == Base64Url.EncodeToString(signed.PublicKey.Span)
            && enrolment.Text("relying_party") == signed.Party.Id;
        if (!agrees)
        {
            findings.Question(
                Doubt.Enrolment,
                $"The receipt does not show that {vote.Person} had enrolled the passkey of entry {vote.Entry.Index} "
                + $"in entry {signed.Enrolled}.");
            return;
        }

        findings.Prove(9, $"{vote.Person} enrolled it in entry {signed.Enrolled}.");
        findings.Leave(9, $"That it was {vote.Person} who enrolled it: the sign-in, or who vouched, is in that entry.");
    }

    // 10.
    private void CheckRevocation(SignedDecision signed, SaidVote vote)
    {
        if (supporting.FindRevocation(signed.Enrolled) is { } revoked && revoked.Index < vote.Entry.Index)
        {
            findings.Question(
                Doubt.Revoked,
                $"The passkey of entry {vote.Entry.Index} had been revoked in entry {revoked.Index}.");
            return;
        }

        findings.Leave(
            10, $"That no entry between {signed.Enrolled} and {vote.Entry.Index} revoked it: a receipt does not hold "
            + "the entries in between. 'ledger verify --store' and an export show them.");
    }
}
