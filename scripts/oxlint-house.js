// A rule of this project that oxlint does not have.

/** Members are hidden in one way everywhere: with TypeScript's `private`, which parameters of a constructor can have, too. */
const noHashPrivate = {
  create(context) {
    const check = ({ key }) => {
      if (key.type === 'PrivateIdentifier') {
        context.report({ node: key, message: `Write \`private ${key.name}\` instead of \`#${key.name}\`.` });
      }
    };
    return { PropertyDefinition: check, MethodDefinition: check };
  },
};

export default { meta: { name: 'house' }, rules: { 'no-hash-private': noHashPrivate } };
