using Countersign.Core.Identity;

namespace Countersign.Core.Reviews;

/// <summary>A person at a surface: who they are, and how strongly that surface knows it.</summary>
public sealed record Voter(PersonId Person, Assurance Assurance);
