using System.Collections.Immutable;
using System.Text.Json;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;

namespace Countersign.Core.Records;

/// <summary>Turns records into rows and payloads, and back.</summary>
internal static class RecordCodec
{
    /// <summary>
    /// Arguments and results have passed a depth limit of their own; the payload wraps them once more.
    /// </summary>
    private static readonly JsonDocumentOptions Deep = new() { MaxDepth = 1024 };

    public static ActionRow ToRow(ActionRecord record) => new()
    {
        Id = record.Id,
        Version = record.Version + 1,
        Revision = record.Life.Revision,
        State = record.Life.State,
        Target = record.Action.Target,
        Gate = record.Gate,
        Via = record.Via,
        Agent = record.Asker.Agent,
        Digest = record.Action.Digest,
        Key = record.Key,
        // A superseded call starts again under the same key, so the old record lets go of it.
        IdempotencyHash = record.State == ActionState.Superseded ? null : record.IdempotencyHash,
        Policy = record.Verdict.Policy,
        CreatedAt = record.CreatedAt,
        NextDeadline = record.Life.NextDeadline,
        Tracks = [.. record.Life.Tracks.Select(track => new TrackRow(track.Stage, track.Escalated, track.Deadline)
        {
            EscalatedStages = track.EscalatedStages,
        })],
        Grant = record.Life.Grant,
        Execution = record.Life.Execution,
        Fence = record.Life.Fence,
        LastOutcome = record.Life.LastOutcome,
        Delivered = record.Life.Delivered,
        DeniedUntil = record.Life.DeniedUntil,
        Detached = record.Detached,
    };

    public static ActionRecord FromStored(StoredAction stored)
    {
        using var document = JsonDocument.Parse(stored.Request, Deep);
        var request = document.RootElement;
        var verdict = PayloadReader.Verdict(request);
        var action = PayloadReader.Action(request);
        if (action.Digest != stored.Row.Digest)
        {
            throw new StoreUnavailableException(
                $"The stored digest of {stored.Row.Id} is not the digest of its stored arguments: somebody changed " +
                "the store outside Countersign. Run 'countersign ledger verify --store' to see what else differs.");
        }

        if (stored.Row.Tracks.Length != verdict.Requirements.Length)
        {
            // A requirement without its track would count as met.
            throw new StoreUnavailableException(
                $"The review of {stored.Row.Id} has {stored.Row.Tracks.Length} tracks for " +
                $"{verdict.Requirements.Length} requirements: somebody changed the store outside " +
                "Countersign. Restore it from a copy that verifies.");
        }

        return new ActionRecord
        {
            Id = stored.Row.Id,
            Version = stored.Row.Version,
            Asker = PayloadReader.Asker(request),
            Gate = stored.Row.Gate,
            Via = stored.Row.Via,
            Environment = request.GetProperty("environment").GetString()!,
            Action = action,
            Facts = PayloadReader.Facts(request),
            Claimed = PayloadReader.Claimed(request),
            CallerNote = PayloadReader.CallerNote(request),
            Verdict = verdict,
            Preview = PayloadReader.Preview(request),
            Trace = PayloadReader.Trace(request),
            Nearest = PayloadReader.Nearest(request),
            Key = stored.Row.Key,
            IdempotencyHash = stored.Row.IdempotencyHash,
            Detached = stored.Row.Detached,
            CreatedAt = stored.Row.CreatedAt,
            Life = LifeOf(stored, verdict.Requirements),
            Outcome = OutcomeOf(stored, request),
            Evidence = EvidenceOf(stored),
            Changes = PayloadReader.Changes(request),
            Rehearsals = [.. stored.Votes
                .Where(vote => vote.Row.Kind == VoteKind.DryRun && vote.Row.Revision == stored.Row.Revision)
                .Select(vote => RehearsalPayload.Read(vote.Payload, vote.Row.Person, vote.Row.At))
                .OfType<Rehearsal>()],
            Ending = stored.Ending is { } ending ? ReasonOf(ending) : null,
            Ledger = stored.Ledger,
        };
    }

    private static Life LifeOf(StoredAction stored, ImmutableArray<Requirement> requirements)
    {
        var row = stored.Row;
        return new Life
        {
            State = row.State,
            Revision = row.Revision,
            Digest = row.Digest,
            Tracks = [.. row.Tracks.Zip(requirements, (track, requirement) =>
                new Track(requirement, track.Stage, track.Escalated, track.Deadline)
                {
                    EscalatedStages = track.EscalatedStages,
                })],
            Votes = [.. stored.Votes.Where(vote => IsCurrent(vote.Row, row.Revision)).Select(VoteOf)],
            Modifiers = [.. stored.Votes
                .Where(vote => vote.Row.Kind == VoteKind.Modify).Select(vote => vote.Row.Person)],
            Grant = row.Grant,
            Execution = row.Execution,
            // While it is being executed, the only deadline of an action is that of the report on its permit.
            ReportBy = row.Execution is null ? null : row.NextDeadline,
            Fence = row.Fence,
            LastOutcome = row.LastOutcome,
            Delivered = row.Delivered,
            DeniedUntil = row.DeniedUntil,
        };
    }

    private static bool IsCurrent(VoteRow vote, int revision) =>
        vote.Revision == revision && vote.Kind is (VoteKind.Approve or VoteKind.Deny or VoteKind.BreakGlass);

    private static Vote VoteOf(StoredVote stored)
    {
        using var document = JsonDocument.Parse(stored.Payload);
        var row = stored.Row;
        var decision = row.Kind == VoteKind.Deny ? Decision.Deny : Decision.Approve;
        return new Vote(
            row.Person, decision, row.Assurance, row.At, PayloadReader.Text(document.RootElement, "comment"))
        {
            Signature = SignaturePayload.Read(document.RootElement),
            InPlaceOf = PayloadReader.Text(document.RootElement, "in_place_of") is { } away ? new PersonId(away) : null,
            BreaksGlass = row.Kind == VoteKind.BreakGlass,
            Returns = FavourPayload.Read(document.RootElement, "returns", row.Person),
        };
    }

    private static Outcome? OutcomeOf(StoredAction stored, JsonElement request)
    {
        if (stored.Outcome is not { } payload)
        {
            // An action recorded in one entry carries its outcome beside the request.
            return request.TryGetProperty("outcome", out var inline) ? PayloadReader.Outcome(inline) : null;
        }

        using var document = JsonDocument.Parse(payload, Deep);
        return PayloadReader.Outcome(document.RootElement);
    }

    private static Evidence? EvidenceOf(StoredAction stored)
    {
        if (stored is not { Intent: { } payload, Row.Execution: { } execution })
        {
            return null;
        }

        using var document = JsonDocument.Parse(payload);
        return PayloadReader.Evidence(document.RootElement, execution.Fence);
    }

    private static string? ReasonOf(ReadOnlyMemory<byte> ending)
    {
        using var document = JsonDocument.Parse(ending);
        return PayloadReader.Text(document.RootElement, "reason");
    }
}
