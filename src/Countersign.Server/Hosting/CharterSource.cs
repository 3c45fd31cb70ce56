using System.Collections.Immutable;
using Countersign.Core;
using Countersign.Core.Identity;
using Countersign.Core.Policies;
using Countersign.Server.Configuration;

namespace Countersign.Server.Hosting;

/// <summary>
/// Hands out the charter that is in force, and replaces it whole when a change of policy takes effect.
/// </summary>
internal sealed class CharterSource
{
    private readonly Settings _settings;
    private readonly Calendar _calendar;
    private volatile Charter _current;

    public CharterSource(Settings settings, TimeProvider time)
    {
        _settings = settings;
        _calendar = Calendars.Of(settings.Freezes, time);
        _current = CharterOf(LoadPolicy(settings), authors: []);
    }

    public Charter Current => _current;

    /// <summary>Loads the policy of the files against the people who would have to meet it.</summary>
    /// <exception cref="ConfigurationException">The policy is refused; the message lists every reason.</exception>
    public static Policy LoadPolicy(Settings settings) => LoadPolicy(settings.Policies, settings.People);

    /// <summary>Puts another policy in force on this node.</summary>
    /// <exception cref="ConfigurationException">The files do not load with today's people.</exception>
    public void Put(ImmutableArray<PolicyText> files, ImmutableHashSet<PersonId> authors) =>
        _current = CharterOf(LoadPolicy(files, _settings.People), authors);

    private static Policy LoadPolicy(ImmutableArray<PolicyText> files, People people) =>
        Policy.Load(files, people) switch
        {
            PolicyLoad.Loaded loaded => loaded.Policy,
            PolicyLoad.Refused refused => throw new ConfigurationException(refused.ToString()),
            _ => throw new System.Diagnostics.UnreachableException(),
        };

    private Charter CharterOf(Policy policy, ImmutableHashSet<PersonId> authors)
    {
        var people = _settings.People;
        return new Charter
        {
            People = people,
            Targets = _settings.Targets
                .Select(target => target.Target)
                .Append(PolicyChanges.Target)
                .ToImmutableDictionary(target => target.Name),
            Policy = policy.Hash,
            PolicyAuthors = authors,
            Reviewers = policy.Reviewers,
            NeedsPreview = asking => policy.NeedsPreview(asking.Target.Gate)
                && policy.NeedsPreview(PolicyInput.Of(asking, people) with { Calendar = _calendar }),
            JudgesShapes = policy.JudgesShapes,
            FindAllowed = asking => policy.FindAllowed(PolicyInput.Of(asking, people) with { Calendar = _calendar }),
            Judge = (asking, preview) => policy.Judge(
                PolicyInput.Of(asking, people) with { Preview = preview, Calendar = _calendar }),
        };
    }
}
