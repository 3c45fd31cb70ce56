namespace Countersign.EndToEnd.Support;

/// <summary>The policy most tests run under: one rule for each thing that can become of a call.</summary>
internal static class StandardPolicy
{
    /// <summary>For tests of channels: clicks in a chat are enough, of two persons.</summary>
    public const string TwoInChat =
        """
        version: 1
        default: deny
        rules:
          - id: pairs
            reason: Two of the platform team have to agree.
            when: action.operation == "move_money"
            then:
              require:
                stages: [ { of: group:platform, need: 2, within: 30m } ]
                assurance: chat

        """;

    public const string Text =
        """
        version: 1
        default: deny
        rules:
          - id: reports
            reason: Reading a report changes nothing.
            when: action.operation == "read_report"
            then: allow
          - id: drops
            reason: Tables are dropped by people, never by agents.
            when: action.operation == "drop_table"
            then: deny
          - id: restarts
            reason: A restart interrupts customers.
            when: action.operation == "restart_service"
            then:
              require:
                stages: [ { of: group:platform, need: 1, within: 30m } ]
                assurance: token
          - id: rotations
            reason: First the platform team looks, then a database owner.
            when: action.operation == "rotate_key"
            then:
              require:
                stages: [ { of: group:platform, need: 1, within: 30m }, { of: group:dba, need: 1, within: 30m } ]
                assurance: token
          - id: pairs
            reason: Two of the platform team have to agree.
            when: action.operation == "move_money"
            then:
              require:
                stages: [ { of: group:platform, need: 2, within: 30m } ]
                assurance: token
          - id: money
            reason: Money is also a matter of the database owners.
            when: action.operation == "move_money"
            then:
              require:
                stages: [ { of: group:dba, need: 1, within: 30m } ]
                assurance: token
          - id: backups
            reason: Whoever approves this signs in.
            when: action.operation == "delete_backup"
            then:
              require:
                stages: [ { of: group:platform, need: 1, within: 30m } ]

        """;
}
