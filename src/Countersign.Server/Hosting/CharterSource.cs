using System.Collections.Immutable;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Identity;
using Countersign.Core.Policies;
using Countersign.Core.Storage;
using Countersign.Server.Configuration;
using Countersign.Server.Rosters;
using Countersign.Server.SignIn;

namespace Countersign.Server.Hosting;

/// <summary>
/// Hands out the charter that is in force, and replaces it whole when a change of policy or people takes effect.
/// </summary>
internal sealed class CharterSource
{
    private readonly Calendar _calendar;
    private readonly TimeProvider _time;

    // Guards every replacement of what follows: of two at once, neither may bring back what the other replaced.
    private readonly Lock _lock = new();
    private Settings _settings;
    private Policy _policy;
    private ImmutableHashSet<PersonId> _authors = [];
    private string? _accepted;
    private volatile Registered _registered;
    private volatile Tokens _tokens;
    private volatile Charter _current;
    private ImmutableArray<Membership> _memberships = [];
    private ImmutableDictionary<PersonId, GroupStanding> _standings =
        ImmutableDictionary<PersonId, GroupStanding>.Empty;

    private volatile bool _isSettled;

    // When the next membership is old enough, or what the provider said too old; in ticks, so that reading it takes no
    // lock.
    private long _nextAge = long.MaxValue;

    public CharterSource(Settings settings, TimeProvider time)
    {
        (_settings, _time) = (settings, time);
        _calendar = Calendars.Of(settings.Freezes, time);
        _policy = LoadPolicy(settings);
        _registered = Registered.AsWritten(settings);
        _tokens = new Tokens(_registered.Tokens);
        _current = CharterNow();
    }

    /// <summary>What counts of people and agents, tokens and accounts among it.</summary>
    public Registered Registered => _registered;

    /// <summary>Whose tokens count.</summary>
    public Tokens Tokens => _tokens;

    public Charter Current
    {
        get
        {
            if (_time.GetUtcNow().UtcTicks >= Interlocked.Read(ref _nextAge))
            {
                lock (_lock)
                {
                    _current = CharterNow();
                }
            }

            return _current;
        }
    }

    /// <summary>
    /// Learns since when who is in which group. A store that takes nothing now is asked again later; until then nobody
    /// counts as having been there long enough.
    /// </summary>
    public async Task SettleAsync(IStore store, CancellationToken cancellationToken)
    {
        if (_isSettled)
        {
            return;
        }

        try
        {
            var settled = await store.SettleMembershipsAsync([.. Present()], cancellationToken);
            Put(settled, isSettled: true);
        }
        catch (StoreUnavailableException)
        {
            Put([], isSettled: false);
        }
    }

    /// <summary>Loads the policy of the files against the people who would have to meet it.</summary>
    /// <exception cref="ConfigurationException">The policy is refused; the message lists every reason.</exception>
    public static Policy LoadPolicy(Settings settings) => 
        LoadPolicy(settings.Policies, settings.Identified.PossiblePeople(settings.People));

    /// <summary>
    /// Puts another policy in force on this node. That today's people could not meet one of its requirements is no
    /// reason against it: what nobody can approve is refused.
    /// </summary>
    /// <exception cref="ConfigurationException">The files do not load any more.</exception>
    public void Put(ImmutableArray<PolicyText> files, ImmutableHashSet<PersonId> authors, string accepted)
    {
        var policy = LoadPolicy(files, people: null);
        lock (_lock)
        {
            (_policy, _authors, _accepted) = (policy, authors, accepted);
            _current = CharterNow();
        }
    }

    /// <summary>Learns how the policy that is in force already came there.</summary>
    public void NoteAccepted(string accepted)
    {
        lock (_lock)
        {
            _accepted = accepted;
            _current = CharterNow();
        }
    }

    /// <summary>
    /// Puts other people in force on this node. Since when they are in their groups has to be settled anew; where that
    /// matters nobody counts before.
    /// </summary>
    public void Put(Registered registered)
    {
        var tokens = new Tokens(registered.Tokens);
        lock (_lock)
        {
            (_registered, _tokens, _isSettled) = (registered, tokens, false);
            _current = CharterNow();
        }
    }

    /// <summary>Puts what the identity provider says of people in force on this node.</summary>
    public void Put(ImmutableDictionary<PersonId, GroupStanding> standings)
    {
        lock (_lock)
        {
            _standings = standings;
            _current = CharterNow();
        }
    }

    private void Put(ImmutableArray<Membership> memberships, bool isSettled)
    {
        lock (_lock)
        {
            (_memberships, _isSettled) = (memberships, isSettled);
            _current = _current with { People = PeopleNow() };
        }
    }

    private IEnumerable<(PersonId Person, GroupName Group)> Present() => _registered.People.Persons
        .SelectMany(person => person.Groups.Select(group => (person.Id, group)))
        .Except(_registered.Leaving);

    private People PeopleNow()
    {
        var now = _time.GetUtcNow();
        var (people, lapse) = ProviderGroups.Apply(_registered, _settings.Identified.SignIn.Provider, _standings, now);
        people = people.With(_registered.Away.Where(away => away.IsAt(now))
            .ToImmutableDictionary(away => away.Person, away => away.Deputy));
        lapse = _registered.Away.SelectMany(away => (DateTimeOffset[])[away.From, away.Until])
            .Where(change => change > now).Append(lapse).Min();
        if (!_isSettled && _settings.MembershipAge > TimeSpan.Zero)
        {
            Interlocked.Exchange(ref _nextAge, lapse.UtcTicks);
            return people.With([.. Present(), .. _registered.Leaving], waiting: []);
        }

        var young = _memberships.Where(member => now - member.Since < _settings.MembershipAge).ToList();
        var grown = young.Count == 0
            ? DateTimeOffset.MaxValue
            : young.Min(member => member.Since) + _settings.MembershipAge;
        Interlocked.Exchange(ref _nextAge, Math.Min(grown.UtcTicks, lapse.UtcTicks));
        return people.With(
            [.. young.Select(member => (member.Person, member.Group)), .. _registered.Leaving],
            [.. young.Select(member => new YoungMembership(member, member.Since + _settings.MembershipAge))]);
    }

    /// <summary>The same configuration, with the key of its masks; before any door is open.</summary>
    public void Unlock(Settings settings)
    {
        lock (_lock)
        {
            _settings = settings;
            _current = _current with { Targets = TargetsOf(settings) };
        }
    }

    /// <exception cref="ConfigurationException">The policy is refused; the message lists every reason.</exception>
    private static Policy LoadPolicy(ImmutableArray<PolicyText> files, People? people) =>
        Policy.Load(files, people) switch
        {
            PolicyLoad.Loaded loaded => loaded.Policy,
            PolicyLoad.Refused refused => throw new ConfigurationException(refused.ToString()),
            _ => throw new System.Diagnostics.UnreachableException(),
        };

    private static ImmutableDictionary<TargetName, Target> TargetsOf(Settings settings) => settings.Targets
        .Select(target => target.Target)
        .Append(PolicyChanges.Target)
        .ToImmutableDictionary(target => target.Name);

    private Charter CharterNow()
    {
        var (policy, people) = (_policy, PeopleNow());
        var origin = _accepted is { } accepted
            ? new PolicyOrigin(accepted, _settings.Changes == ChangesMode.Immediate)
            : null;
        return new Charter
        {
            People = people,
            Targets = TargetsOf(_settings),
            Policy = policy.Hash,
            PolicyAuthors = _authors,
            Reviewers = policy.Reviewers,
            NeedsPreview = asking => policy.NeedsPreview(asking.Target.Gate)
                && policy.NeedsPreview(PolicyInput.Of(asking, people) with { Calendar = _calendar }),
            JudgesShapes = policy.JudgesShapes,
            FindAllowed = asking => policy.FindAllowed(PolicyInput.Of(asking, people) with { Calendar = _calendar }),
            Judge = (asking, preview) => policy.Judge(
                PolicyInput.Of(asking, people) with { Preview = preview, Calendar = _calendar }) with
            {
                Origin = origin,
            },
        };
    }
}
