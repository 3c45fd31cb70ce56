using System.Text.Json;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Server.Console.Views;
using Microsoft.AspNetCore.Http;

namespace Countersign.Server.Console.Endpoints;

/// <summary>Reads what a person answered with an action's form.</summary>
internal static class BallotForm
{
    private const string SignedApproval = "sign-approval";
    private const string SignedDenial = "sign-denial";

    /// <summary>The answer; <c>null</c> when the form holds none that can be read.</summary>
    public static Ballot? Read(IFormCollection form)
    {
        Decision? decision = form["decision"].ToString() switch
        {
            "approve" or SignedApproval => Decision.Approve,
            "deny" or SignedDenial => Decision.Deny,
            _ => null,
        };
        var comment = FormText.Of(form, "comment").Trim();
        return decision is { } made && ActionDigest.TryParse(form["digest"], out var digest)
            ? new Ballot(made, digest, comment.Length == 0 ? null : comment) { Signature = SignatureOf(form) }
            : null;
    }

    /// <summary>What the form lacks; <c>null</c> when it says all that this action asks for.</summary>
    public static string? WhyNot(IFormCollection form, Ballot ballot, ActionRecord record) => 0 switch
    {
        // Whoever wanted to sign does not get an unsigned answer instead.
        _ when Signs(form) && ballot.Signature is null =>
            "No signature came with it. Signing needs the page's script and an enrolled passkey.",
        _ when ballot.Decision == Decision.Approve && CardComposer.WhyNotHere(record) is { } unseen => unseen,
        _ when ballot is { Decision: Decision.Approve, Signature: null }
            && CardComposer.ConfirmationOf(record) is { } wanted && form["confirm"].ToString().Trim() != wanted =>
            $"{Gravity.Of(record)?.Sentence} Approving it takes the target's name: type '{wanted}', or sign with a "
            + "passkey.",
        _ => null,
    };

    private static bool Signs(IFormCollection form) => form["decision"].ToString() is SignedApproval or SignedDenial;

    private static SignedAnswer? SignatureOf(IFormCollection form)
    {
        if (!Signs(form))
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(form["assertion"].ToString());
            return SignaturePayload.ReadAnswer(document.RootElement);
        }
        catch (Exception malformed) when (malformed is JsonException or FormatException)
        {
            return null;
        }
    }
}
