using System.Collections.Immutable;

namespace Countersign.Gates.Postgres.Rights;

/// <summary>What the user wrote under <c>credentials:</c> of a target of this gate.</summary>
internal abstract record RightsOptions
{
    private RightsOptions()
    {
    }

    /// <summary><c>mode: static</c>: every session logs in with what one connection string says.</summary>
    public sealed record Static(string ConnectionString) : RightsOptions;

    /// <summary><c>mode: ephemeral-role</c>: a login per session, rights per action.</summary>
    /// <param name="AdminConnectionString">
    /// Of a role that may make roles (<c>admin</c>), straight to the primary: a pooler loses the locks that say which
    /// nodes are alive.
    /// </param>
    public sealed record EphemeralRole(string AdminConnectionString) : RightsOptions
    {
        /// <summary>What every session may do without asking (<c>grants</c>).</summary>
        public ImmutableArray<string> Grants { get; init; } = [];

        /// <summary>Who owns the target's objects and what approved DDL makes (<c>owner</c>).</summary>
        public string? Owner { get; init; }

        /// <summary>Settings of every session's login, such as <c>statement_timeout</c>.</summary>
        public ImmutableSortedDictionary<string, string> Settings { get; init; } =
            ImmutableSortedDictionary<string, string>.Empty.WithComparers(StringComparer.Ordinal);

        /// <summary>Logins that are made beforehand, and how many more are made when they do not suffice.</summary>
        public int PoolSize { get; init; } = 16;

        /// <summary>Sessions of all nodes together.</summary>
        public int MostLeases { get; init; } = 5_000;

        /// <summary>Connections that one lease may have at the same time.</summary>
        public int ConnectionsPerLease { get; init; } = 1;

        /// <summary>How long after a lease its password lets anybody in; a session that is in stays in.</summary>
        public TimeSpan LoginWithin { get; init; } = TimeSpan.FromMinutes(1);

        /// <summary>After which time a sweep ends a grant whose action did not.</summary>
        public TimeSpan ActionWithin { get; init; } = TimeSpan.FromMinutes(10);

        /// <summary>How long a session of a lease that ends may take to disappear.</summary>
        public TimeSpan EndWithin { get; init; } = TimeSpan.FromSeconds(5);

        public TimeSpan SweepEvery { get; init; } = TimeSpan.FromSeconds(15);

        /// <summary>The gate's own connections to the database, besides the one that says the node is alive.</summary>
        public int AdminConnections { get; init; } = 8;

        /// <summary>How often the end of a grant is tried before it is left to the next sweep.</summary>
        public int RevocationTries { get; init; } = 3;
    }
}
