using System.Text.Json.Nodes;
using Countersign.Core;
using Countersign.Core.Identity;
using Countersign.Core.Records;
using Countersign.Server.Console.Views;

namespace Countersign.Server.Channels.Teams;

/// <summary>
/// Cards that ask one person for something: changed arguments, the reason of a stop, the code that links an account.
/// What inputs demand is checked again here; a client may send anything.
/// </summary>
internal static class TeamsForms
{
    public const string Statement = "statement";
    public const string Json = "json";
    public const string Comment = "comment";
    public const string Code = "code";

    private const int CodeLength = 40;

    /// <summary>Whether what may be changed of an action fits into the form.</summary>
    public static bool Holds(ActionRecord record) =>
        RevisionComposer.EditableOf(record) is var editable
        && (editable.Statement?.Length ?? 0) <= TeamsLimits.InputText
        && editable.Json.Length <= TeamsLimits.InputText;

    /// <summary>Whether a comparison can be shown in full.</summary>
    public static bool Holds(string piece) => TeamsBody.Fits(piece);

    /// <param name="card">What is changed.</param>
    /// <param name="editable">What may be changed, or was typed.</param>
    /// <param name="page">The console's page of the action.</param>
    /// <param name="compared">
    /// What was typed, compared with what is asked; <c>null</c> before anything was. It is sent only as it was
    /// compared.
    /// </param>
    /// <param name="problem">Why what was sent is not taken; <c>null</c> when nothing was sent.</param>
    public static JsonObject ForModifying(
        CardReference card, ReviseView editable, Uri page, Comparison? compared = null, string? problem = null)
    {
        var body = new TeamsBody();
        body.Headline("Change it");
        if (problem is not null)
        {
            body.Text($"Nothing was recorded. {problem}");
        }

        if (compared is not null)
        {
            body.Text("This is what you change (- before, + after). Nothing is recorded before you send it.");
            foreach (var piece in compared.Pieces)
            {
                body.Exact(piece);
            }
        }

        if (editable.Warning is { } warning)
        {
            body.Text(warning);
        }

        if (editable.Statement is { } statement)
        {
            body.Add(Edited(Statement, "Statement, as it is to run, whole", statement));
        }

        body.Add(Edited(
            Json, editable.Statement is null ? "Arguments, as JSON, whole" : "Parameters, whole", editable.Json));
        body.Add(Commented(
            "Why? The agent is told what you changed and why. Somebody else has to approve it.", editable.Comment));
        body.Actions(
            compared is null
                ? TeamsActions.ForComparing(card, page)
                : TeamsActions.ForSending(card, page, compared.Seal),
            TeamsActions.ForGoingBack(card, page),
            TeamsActions.ForOpening(page));
        return body.ToCard("Change the request in the console.");
    }

    public static JsonObject ForStopping(CardReference card, AgentId agent, Uri page, string? problem = null)
    {
        var body = new TeamsBody();
        body.Headline("Stop the agent");
        if (problem is not null)
        {
            body.Text($"Nothing was stopped. {problem}");
        }

        body.Text(
            $"{agent} is stopped at once: what it has open is withdrawn, its sessions are cut and its calls are " +
            "refused. To let it go on takes two persons.");
        body.Add(Commented("Why? The agent and its owner are told.", written: null));
        body.Actions(TeamsActions.ForStoppingNow(card, page), TeamsActions.ForGoingBack(card, page));
        return body.ToCard("Stop the agent in the console.");
    }

    /// <param name="card">What was pressed before; <c>null</c> when nothing was.</param>
    /// <param name="accounts">The console's page that makes codes.</param>
    /// <param name="problem">Why the code links nothing; <c>null</c> when none was entered.</param>
    public static JsonObject ForLinking(CardReference? card, Uri accounts, string? problem = null)
    {
        var body = new TeamsBody();
        body.Headline("Link this account");
        body.Text(problem ?? "Nothing was recorded: this Teams account is not linked to a person.");
        body.Text(
            "Sign in to the console, make a code on its page 'Accounts', and enter it here. Only a code that you " +
            "made yourself: whoever uses your code acts as you.");
        body.Add(new JsonObject
        {
            ["type"] = "Input.Text",
            ["id"] = Code,
            ["label"] = "The code",
            ["maxLength"] = CodeLength,
            ["isRequired"] = true,
            ["errorMessage"] = "Enter the code from the console.",
        });
        JsonObject[] back = card is { } shown ? [TeamsActions.ForGoingBack(shown, accounts)] : [];
        body.Actions([TeamsActions.ForLinking(card, accounts), .. back, TeamsActions.ForOpening(accounts)]);
        return body.ToCard("Link your account in the console.");
    }

    /// <summary>What became of something that was sent.</summary>
    public static JsonObject ForTelling(string headline, string text, params JsonObject[] actions)
    {
        var body = new TeamsBody();
        body.Headline(headline);
        body.Text(text);
        if (actions.Length > 0)
        {
            body.Actions(actions);
        }

        return body.ToCard(headline);
    }

    public static JsonObject Commented(string label, string? written)
    {
        var input = Input(Comment, label, Math.Min(TeamsLimits.InputText, ReviewDesk.MaxComment));
        if (!string.IsNullOrEmpty(written))
        {
            input["value"] = written;
        }

        return input;
    }

    private static JsonObject Edited(string id, string label, string text)
    {
        var input = Input(id, label, TeamsLimits.InputText);
        input["value"] = text;
        input["isRequired"] = true;
        input["errorMessage"] = "It is to run whole; it cannot be empty.";
        return input;
    }

    private static JsonObject Input(string id, string label, int most) => new()
    {
        ["type"] = "Input.Text",
        ["id"] = id,
        ["label"] = label,
        ["isMultiline"] = true,
        ["maxLength"] = most,
    };
}
