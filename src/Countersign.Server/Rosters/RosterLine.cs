using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Countersign.Core.Identity;
using Countersign.Server.Channels;
using Countersign.Server.Channels.Slack;

namespace Countersign.Server.Rosters;

/// <summary>
/// One thing that is said of a person or an agent. Its text is what reviewers read and what the ledger keeps, so
/// <see cref="TryParse"/> is its inverse.
/// </summary>
internal abstract record RosterLine
{
    private const string PersonWord = "person";
    private const string AgentWord = "agent";
    private const string CalledWords = "is called ";
    private const string GroupWords = "is in ";
    private const string AdminWords = "has the role admin";
    private const string AwayWords = "is away from ";
    private const string UntilWords = " until ";
    private const string DeputyWords = ", represented by ";
    private const string BreakerWords = "has the role break-glass";
    private const string TokenWords = "has the token ";
    private const string ProviderWord = "provider";
    private const string IdentityWords = "has the identity ";
    private const string PutsWords = "puts into ";
    private const string CalledThereWords = " whom it has in ";
    private const string AccountWords = "has the account ";
    private const string SlackWords = "has the Slack account ";
    private const string OwnerWords = "belongs to ";
    private const string ForWords = " for ";

    private RosterLine()
    {
    }

    /// <summary>Whether it is about this person, or about an agent where it is <c>null</c>.</summary>
    public PersonId? About => this switch
    {
        Called line => line.Person,
        InGroup line => line.Person,
        Admin line => line.Person,
        GlassBreaker line => line.Person,
        Away line => line.Person,
        TokenOfPerson line => line.Person,
        Account line => line.Person,
        IdentityOfPerson line => line.Person,
        _ => null,
    };

    public bool IsOfAgent => this is Belongs or TokenOfAgent or IdentityOfAgent;

    public sealed override string ToString() => this switch
    {
        Called line => $"{PersonWord} {line.Person} {CalledWords}{line.Name}",
        InGroup line => $"{PersonWord} {line.Person} {GroupWords}{new Party.OfGroup(line.Group)}",
        Admin line => $"{PersonWord} {line.Person} {AdminWords}",
        Away line => $"{PersonWord} {line.Person} {AwayWords}{line.From:O}{UntilWords}{line.Until:O}" +
            $"{DeputyWords}{line.Deputy}",
        GlassBreaker line => $"{PersonWord} {line.Person} {BreakerWords}",
        TokenOfPerson line => $"{PersonWord} {line.Person} {TokenWords}{line.Mark}",
        // Slack came first, and what was accepted then still reads so.
        Account { Held: { Channel: SlackOutbox.Channel, Id: var id } } line =>
            $"{PersonWord} {line.Person} {SlackWords}{id}",
        Account line => $"{PersonWord} {line.Person} {AccountWords}{line.Held}",
        Belongs line => $"{AgentWord} {line.Agent} {OwnerWords}{line.Owner}",
        TokenOfAgent { OnBehalfOf: { } person } line =>
            $"{AgentWord} {line.Agent} {TokenWords}{line.Mark}{ForWords}{person}",
        TokenOfAgent line => $"{AgentWord} {line.Agent} {TokenWords}{line.Mark}",
        IdentityOfPerson line => $"{PersonWord} {line.Person} {IdentityWords}{line.Subject}",
        IdentityOfAgent line => $"{AgentWord} {line.Agent} {IdentityWords}{line.Subject}",
        GroupFrom line => $"{ProviderWord} {line.Issuer} {PutsWords}{new Party.OfGroup(line.Group)}" +
            $"{CalledThereWords}{line.Name}",
        _ => throw new UnreachableException(),
    };

    public static bool TryParse(string text, [NotNullWhen(true)] out RosterLine? line)
    {
        line = text.Split(' ', 3) switch
        {
            [PersonWord, var person, var said] => OfPerson(new PersonId(person), said),
            [AgentWord, var agent, var said] => OfAgent(new AgentId(agent), said),
            [ProviderWord, var issuer, var said] => OfProvider(issuer, said),
            _ => null,
        };
        return line is not null;
    }

    private static RosterLine? OfPerson(PersonId person, string said) => said switch
    {
        AdminWords => new Admin(person),
        BreakerWords => new GlassBreaker(person),
        _ when After(said, AwayWords)?.Split([UntilWords, DeputyWords], StringSplitOptions.None)
            is [var from, var until, var deputy] =>
            new Away(person, new PersonId(deputy), TimeOf(from), TimeOf(until)),
        _ when After(said, CalledWords) is { } name => new Called(person, name),
        _ when After(said, GroupWords) is { } group && Party.Parse(group) is Party.OfGroup { Name: var name } =>
            new InGroup(person, name),
        _ when After(said, TokenWords) is { } mark => new TokenOfPerson(person, new TokenMark(mark)),
        _ when After(said, SlackWords) is { } id => new Account(person, new ChannelAccount(SlackOutbox.Channel, id)),
        _ when After(said, AccountWords)?.Split(' ', 2) is [var channel, var id] =>
            new Account(person, new ChannelAccount(channel, id)),
        _ when After(said, IdentityWords) is { } subject => new IdentityOfPerson(person, Subject.Parse(subject)),
        _ => null,
    };

    private static RosterLine? OfAgent(AgentId agent, string said) => said switch
    {
        _ when After(said, OwnerWords) is { } owner => new Belongs(agent, Party.Parse(owner)),
        _ when After(said, IdentityWords) is { } subject => new IdentityOfAgent(agent, Subject.Parse(subject)),
        _ when After(said, TokenWords) is { } token => token.Split(ForWords) switch
        {
            [var mark] => new TokenOfAgent(agent, new TokenMark(mark), OnBehalfOf: null),
            [var mark, var person] => new TokenOfAgent(agent, new TokenMark(mark), new PersonId(person)),
            _ => null,
        },
        _ => null,
    };

    private static GroupFrom? OfProvider(string issuer, string said) =>
        After(said, PutsWords)?.Split(CalledThereWords, 2) is [var group, var name]
        && Party.Parse(group) is Party.OfGroup { Name: var put }
            ? new GroupFrom(issuer, name, put)
            : null;

    private static DateTimeOffset TimeOf(string text) =>
        DateTimeOffset.ParseExact(text, "O", CultureInfo.InvariantCulture);

    private static string? After(string said, string words) =>
        said.StartsWith(words, StringComparison.Ordinal) ? said[words.Length..] : null;

    /// <summary>The person exists, under this name.</summary>
    public sealed record Called(PersonId Person, string Name) : RosterLine;

    public sealed record InGroup(PersonId Person, GroupName Group) : RosterLine;

    public sealed record Admin(PersonId Person) : RosterLine;

    /// <summary>The person is away for a while, and who stands in for them as a reviewer.</summary>
    public sealed record Away(PersonId Person, PersonId Deputy, DateTimeOffset From, DateTimeOffset Until) : RosterLine
    {
        public bool IsAt(DateTimeOffset time) => time >= From && time < Until;
    }

    /// <summary>The person may let a request through alone, in an emergency.</summary>
    public sealed record GlassBreaker(PersonId Person) : RosterLine;

    public sealed record TokenOfPerson(PersonId Person, TokenMark Mark) : RosterLine;

    /// <summary>
    /// An account that the configuration gives to a person; those that people link have their own entry.
    /// </summary>
    public sealed record Account(PersonId Person, ChannelAccount Held) : RosterLine;

    /// <summary>The agent exists, and who answers for it.</summary>
    public sealed record Belongs(AgentId Agent, Party Owner) : RosterLine;

    public sealed record TokenOfAgent(AgentId Agent, TokenMark Mark, PersonId? OnBehalfOf) : RosterLine;

    /// <summary>Who the person is to an issuer, or to the proxy in front.</summary>
    public sealed record IdentityOfPerson(PersonId Person, Subject Subject) : RosterLine;

    /// <summary>Who the agent is to an issuer, or which certificate it shows.</summary>
    public sealed record IdentityOfAgent(AgentId Agent, Subject Subject) : RosterLine;

    /// <summary>Whoever is in a group at the identity provider is in one here.</summary>
    /// <param name="Issuer">The provider.</param>
    /// <param name="Name">What it calls the group.</param>
    /// <param name="Group">The group here.</param>
    public sealed record GroupFrom(string Issuer, string Name, GroupName Group) : RosterLine;
}
