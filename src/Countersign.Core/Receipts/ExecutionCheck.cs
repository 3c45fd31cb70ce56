using Countersign.Core.Reviews;

namespace Countersign.Core.Receipts;

/// <summary>
/// Steps 11 and 12: what was done under an approval. Each intent is about the approved digest, in time, and there are
/// no more of them than the approval allows; each has its outcome.
/// </summary>
internal sealed class ExecutionCheck(Findings findings)
{
    private GrantTerms _terms = GrantTerms.Default;
    private DateTimeOffset _allowedAt;
    private long? _fence;
    private int _uses;

    public bool HasOutcome { get; private set; }

    public void Allow(SaidEntry entry, GrantTerms terms) => (_allowedAt, _terms) = (entry.At, terms);

    public void Begin(SaidEntry intent, string digest, string policy)
    {
        _uses++;
        _fence = FenceOf(intent);
        findings.Tell($"{intent.At:u}  execution began");
        if (intent.Text("digest") != digest || intent.Text("policy") != policy)
        {
            findings.Question(
                Doubt.IntentDiffers,
                $"Entry {intent.Index} is about digest {intent.Text("digest")} under policy {intent.Text("policy")}; "
                + $"{digest} under {policy} was decided.");
        }
        else
        {
            findings.Prove(11, $"What began in entry {intent.Index} is what was decided: {digest}.");
        }

        if (_uses > _terms.Uses)
        {
            findings.Question(
                Doubt.UsedTooOften, $"Entry {intent.Index} is use {_uses} of an approval for {_terms.Uses}.");
        }

        // Both times are cut to whole milliseconds.
        if (intent.At > _allowedAt + _terms.TimeToLive)
        {
            findings.Question(
                Doubt.TooLate,
                $"Entry {intent.Index} is of {intent.At:u}; the approval of {_allowedAt:u} was good for "
                + $"{_terms.TimeToLive}.");
        }
    }

    /// <summary>An intent that says more about the execution under way.</summary>
    public void Evidence(SaidEntry intent) => CheckFence(intent);

    /// <summary>Whether the approval can be used again.</summary>
    public bool Complete(SaidEntry outcome)
    {
        CheckFence(outcome);
        var state = Report(outcome, outcome);
        HasOutcome = true;
        return _uses < _terms.Uses && state != "unknown";
    }

    /// <summary>A read whose outcome stands in the entry of its request.</summary>
    public void Inline(SaidEntry executed)
    {
        HasOutcome = true;
        Report(executed, executed with { Said = executed.Said.GetProperty("outcome") });
    }

    public void GiveUp()
    {
        if (!HasOutcome)
        {
            findings.Prove(12, "Nothing was executed.");
        }
    }

    public void TellEnd()
    {
        if (HasOutcome)
        {
            findings.Leave(12, "What the outcome did at the target: the gateway, or the agent, says what came of it.");
        }
        else
        {
            findings.Prove(12, "No execution is recorded.");
        }
    }

    private string Report(SaidEntry entry, SaidEntry outcome)
    {
        var state = outcome.Text("state");
        var isReported = outcome.Said.TryGetProperty("self_reported", out var reported) && reported.GetBoolean();
        var source = isReported ? ", as the agent itself says" : "";
        var error = outcome.OptionalText("error") is { } text ? $": {text}" : "";
        findings.Tell($"{entry.At:u}  {state}{source}{error}");
        findings.Prove(12, $"Entry {entry.Index} records the outcome '{state}'{source}.");
        return state;
    }

    private void CheckFence(SaidEntry entry)
    {
        if (FenceOf(entry) != _fence)
        {
            findings.Question(
                Doubt.IntentDiffers,
                $"Entry {entry.Index} is about execution {FenceOf(entry)}, and execution {_fence} was under way.");
        }
    }

    private static long FenceOf(SaidEntry entry) => entry.Said.GetProperty("fence").GetInt64();
}
