using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Countersign.Core.Identity;

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
    private const string TokenWords = "has the token ";
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
        TokenOfPerson line => line.Person,
        Account line => line.Person,
        _ => null,
    };

    public bool IsOfAgent => this is Belongs or TokenOfAgent;

    public sealed override string ToString() => this switch
    {
        Called line => $"{PersonWord} {line.Person} {CalledWords}{line.Name}",
        InGroup line => $"{PersonWord} {line.Person} {GroupWords}{new Party.OfGroup(line.Group)}",
        Admin line => $"{PersonWord} {line.Person} {AdminWords}",
        TokenOfPerson line => $"{PersonWord} {line.Person} {TokenWords}{line.Mark}",
        Account line => $"{PersonWord} {line.Person} {SlackWords}{line.Name}",
        Belongs line => $"{AgentWord} {line.Agent} {OwnerWords}{line.Owner}",
        TokenOfAgent { OnBehalfOf: { } person } line =>
            $"{AgentWord} {line.Agent} {TokenWords}{line.Mark}{ForWords}{person}",
        TokenOfAgent line => $"{AgentWord} {line.Agent} {TokenWords}{line.Mark}",
        _ => throw new UnreachableException(),
    };

    public static bool TryParse(string text, [NotNullWhen(true)] out RosterLine? line)
    {
        line = text.Split(' ', 3) switch
        {
            [PersonWord, var person, var said] => OfPerson(new PersonId(person), said),
            [AgentWord, var agent, var said] => OfAgent(new AgentId(agent), said),
            _ => null,
        };
        return line is not null;
    }

    private static RosterLine? OfPerson(PersonId person, string said) => said switch
    {
        AdminWords => new Admin(person),
        _ when After(said, CalledWords) is { } name => new Called(person, name),
        _ when After(said, GroupWords) is { } group && Party.Parse(group) is Party.OfGroup { Name: var name } =>
            new InGroup(person, name),
        _ when After(said, TokenWords) is { } mark => new TokenOfPerson(person, new TokenMark(mark)),
        _ when After(said, SlackWords) is { } account => new Account(person, account),
        _ => null,
    };

    private static RosterLine? OfAgent(AgentId agent, string said) => said switch
    {
        _ when After(said, OwnerWords) is { } owner => new Belongs(agent, Party.Parse(owner)),
        _ when After(said, TokenWords) is { } token => token.Split(ForWords) switch
        {
            [var mark] => new TokenOfAgent(agent, new TokenMark(mark), OnBehalfOf: null),
            [var mark, var person] => new TokenOfAgent(agent, new TokenMark(mark), new PersonId(person)),
            _ => null,
        },
        _ => null,
    };

    private static string? After(string said, string words) =>
        said.StartsWith(words, StringComparison.Ordinal) ? said[words.Length..] : null;

    /// <summary>The person exists, under this name.</summary>
    public sealed record Called(PersonId Person, string Name) : RosterLine;

    public sealed record InGroup(PersonId Person, GroupName Group) : RosterLine;

    public sealed record Admin(PersonId Person) : RosterLine;

    public sealed record TokenOfPerson(PersonId Person, TokenMark Mark) : RosterLine;

    /// <summary>
    /// An account that the configuration gives to a person; those that people link have their own entry.
    /// </summary>
    public sealed record Account(PersonId Person, string Name) : RosterLine;

    /// <summary>The agent exists, and who answers for it.</summary>
    public sealed record Belongs(AgentId Agent, Party Owner) : RosterLine;

    public sealed record TokenOfAgent(AgentId Agent, TokenMark Mark, PersonId? OnBehalfOf) : RosterLine;
}
