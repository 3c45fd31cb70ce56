using System.Collections.Immutable;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Policies;
using Countersign.Core.Policies.Allowing;
using Countersign.Core.Reviews;
using Countersign.Core.Storage;

namespace Countersign.Core;

/// <summary>
/// Says what would become of a request, with today's policy and people: it opens nothing, records nothing and attaches
/// to nothing, and asks the target nothing either: a verdict that a preview could change is said to be the strictest it
/// can be. The real request is judged again.
/// </summary>
public sealed class DryRun
{
    private readonly IStore _store;
    private readonly Suggestions _suggestions;
    private readonly Func<Charter> _charter;

    internal DryRun(IStore store, Suggestions suggestions, Func<Charter> charter) =>
        (_store, _suggestions, _charter) = (store, suggestions, charter);

    public async Task<DryRunAnswer> AskAsync(Asking asking, CancellationToken cancellationToken)
    {
        if (await _store.FindStopAsync(asking.Asker.Agent, cancellationToken) is { } stop)
        {
            return new DryRunAnswer.Stopped(StopText.Of(stop));
        }

        var today = _charter();
        var verdict = today.Judge(asking, preview: null);
        var life = Lifecycle.Begin(asking.Action.Digest, verdict, _store.Now).Life;
        var electorate = Electorate.Of(life, asking.Asker, today.People, today.PolicyAuthors);
        return new DryRunAnswer.Foreseen(new Forecast(asking.Action, verdict)
        {
            Tracks = [.. life.Tracks.Select((track, i) => TrackOf(track.Requirement, i, electorate))],
            Nearest = await _suggestions.FindAsync(asking, verdict, today, cancellationToken),
            LacksPreview = asking.Previewer is not null && today.NeedsPreview(asking),
        });
    }

    private static ForecastTrack TrackOf(Requirement requirement, int track, Electorate electorate) => new(
        requirement,
        [
            .. requirement.Stages.Select((_, stage) => electorate.At(track, stage)
                .OrderBy(person => person.Value, StringComparer.Ordinal)
                .ToImmutableArray()),
        ]);
}

/// <summary>What a dry run is answered with.</summary>
public abstract record DryRunAnswer
{
    private DryRunAnswer()
    {
    }

    public sealed record Foreseen(Forecast Forecast) : DryRunAnswer;

    /// <summary>People stopped the agent, so nothing of its is judged.</summary>
    public sealed record Stopped(string Reason) : DryRunAnswer;
}

/// <summary>What would become of one request.</summary>
public sealed record Forecast(CanonicalAction Action, Verdict Verdict)
{
    /// <summary>Who would have to agree; empty unless the verdict requires it.</summary>
    public ImmutableArray<ForecastTrack> Tracks { get; init; } = [];

    /// <summary>What would be allowed instead, when the verdict denies and something is known to be.</summary>
    public AllowedForm? Nearest { get; init; }

    /// <summary>
    /// Whether the real request gets a preview first, which may make its verdict milder than this one.
    /// </summary>
    public bool LacksPreview { get; init; }
}

/// <summary>
/// One rule's track: its stages, and for each of them the persons who could vote today, after every exclusion.
/// </summary>
public sealed record ForecastTrack(Requirement Requirement, ImmutableArray<ImmutableArray<PersonId>> Persons);
