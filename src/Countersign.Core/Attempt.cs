using System.Text.Json;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Core.Tracing;

namespace Countersign.Core;

/// <summary>The one attempt to execute an action: bounded in time, and honest about what became of it.</summary>
internal sealed class Attempt(TimeSpan longest, TimeProvider time)
{
    public async Task<Outcome> MakeAsync(ActionRecord claimed, ActionExecutor execute)
    {
        using var span = Spans.Begin("countersign.execute", claimed);
        var outcome = await TryAsync(claimed, execute);
        Spans.TellOutcome(span, outcome.State);
        return outcome;
    }

    private async Task<Outcome> TryAsync(ActionRecord claimed, ActionExecutor execute)
    {
        using var limit = new CancellationTokenSource(LimitFor(claimed), time);
        try
        {
            return Readable(await execute(claimed, limit.Token));
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            return Unknowable($"The target did not answer within {LimitFor(claimed).TotalSeconds:0} s.");
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            // Whatever a gate did not foresee happened somewhere between "not sent" and "done": say unknown, not
            // failed.
            return Unknowable($"The gate failed while executing: {failure.Message}");
        }
    }

    /// <summary>
    /// A result that is no JSON would make its record unreadable for good: it is dropped, and the loss is said.
    /// </summary>
    private static Outcome Readable(Outcome outcome)
    {
        if (outcome.Result is not { } result || IsJson(result.Span))
        {
            return outcome;
        }

        return outcome with
        {
            Result = null,
            Error = "The target's answer was not JSON and could not be kept. " + outcome.Error,
        };
    }

    private static bool IsJson(ReadOnlySpan<byte> bytes)
    {
        var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { MaxDepth = PayloadWriter.MaxDepth });
        try
        {
            while (reader.Read())
            {
                // Only whether it can be read to its end matters.
            }

            return reader.BytesConsumed > 0;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private TimeSpan LimitFor(ActionRecord claimed) =>
        claimed.TimeCeiling is { } ceiling && ceiling < longest ? ceiling : longest;

    private static Outcome Unknowable(string why) => new(
        OutcomeState.Unknown,
        Result: null,
        why + " It may or may not have taken effect: look at the target before asking again.",
        TimeSpan.Zero);
}
