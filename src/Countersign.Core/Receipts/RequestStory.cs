using Countersign.Core.Records;

namespace Countersign.Core.Receipts;

/// <summary>Says in words what was asked, and why it was held or not.</summary>
internal static class RequestStory
{
    public static void Tell(Findings findings, SaidRequest request, int revision)
    {
        var entry = request.Entry;
        var onBehalfOf = request.OnBehalfOf is { } person ? $", on behalf of {person}" : "";
        findings.Tell(revision == 1
            ? $"{entry.At:u}  agent {request.Agent}{onBehalfOf} asked for {request.Operation} on {request.Target}"
            : $"{entry.At:u}  changed by {entry.Said.GetProperty("changes").EnumerateArray().Last()
                .GetProperty("person").GetString()}: revision {revision}");
        findings.Tell($"    arguments {entry.Said.GetProperty("arguments").GetRawText()}");
        foreach (var line in Explanation.Of(request.Verdict, PayloadReader.Facts(entry.Said)))
        {
            findings.Tell($"    {line}");
        }

        TellAcceptance(findings, request);
    }

    private static void TellAcceptance(Findings findings, SaidRequest request)
    {
        var policy = request.Verdict.Policy;
        findings.Tell(request.Verdict.Origin?.Accepted switch
        {
            "first" => $"    policy {policy}: the first of this ledger, taken as it was written",
            "approved" => $"    policy {policy}: approved by people",
            "immediate" => $"    policy {policy}: took effect at once, without anybody's approval (changes: immediate)",
            _ => $"    policy {policy}: how it came into force was not recorded",
        });
        if (request.Verdict.Origin is { ChangesAtOnce: true })
        {
            findings.Tell("    changed policies and people took effect at once here (changes: immediate)");
        }

        findings.Leave(
            11, "That the policy's text gives this verdict, and who was in which group: the gateway says so.");
    }
}
