namespace Countersign.EndToEnd.Accessibility;

/// <summary>One page of the console in one state.</summary>
/// <param name="Name">What the reference calls it.</param>
/// <param name="Route">Method and route of the request that the page answers.</param>
/// <param name="Sign">A selector of what is visible in this state: without it another one was looked at.</param>
/// <param name="ReachAsync">How to get there from the state before.</param>
internal sealed record ConsoleState(string Name, string Route, string Sign, Func<ConsoleScene, Task> ReachAsync)
{
    /// <summary>For names of files.</summary>
    public string Slug => Name.Replace(", ", "-").Replace(' ', '-');
}
